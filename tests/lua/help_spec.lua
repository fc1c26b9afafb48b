-- help, info and what prints itself.
local digits = require "digits"
local help = require "digits.help"
local internals = require("digits.core").internals

local function check_all(fields, name)
  local documents = internals.documents()
  for key, value in pairs(fields) do
    if type(value) == "function" then
      local document = documents[value]
      assert(document, name .. "." .. key .. " has no documentation")
      local described = internals.describe(value)
      assert(described and #described.doc > 10 or document.text:find "\n",
        name .. "." .. key .. " has no sentence")
      for _, param in ipairs(described and described.params or {}) do
        assert(param.doc, name .. "." .. key .. ": " .. param.name .. " has no documentation")
      end
    end
  end
end

describe("help", function()
  it("knows every function, method and property", function()
    check_all(digits, "digits")
    check_all(digits.nn, "nn")
    check_all(digits.data, "data")
    local _, classes = internals.documents()
    for name, class in pairs(classes) do
      check_all(class.methods, name)
      check_all(class.properties, name)
    end
  end)

  it("tells of parts from their descriptors", function()
    local text = help.text(digits.nn.Conv2D)
    assert.matches("^Conv2D: ", text)
    assert.matches("\n  filters: [^\n]* %(required%)\n      a whole number", text)
    assert.matches("padding: .-%(default%s+\"valid\"%)\n      one of 'valid', 'same'", text)
    assert.matches("strides: [^\n]* %(default {1, 1}%)", text)
    assert.are.equal(text, help.text "nn.Conv2D")
    assert.matches("\nSaves as safetensors or as XGBoost's JSON %(%.json%)\n",
      help.text "tree.GradientBoosting")
    assert.are.same({ "XGBoost's JSON (.json)" },
      digits.reference()["tree.GradientBoosting"].formats)
    assert.are.equal(text, help.text "Conv2D")
    assert.are.equal(text, help.text(digits.nn.Conv2D { 1, 1 }))
  end)

  it("knows each part that there is", function()
    local count = 0
    for name, value in pairs(digits.nn) do
      local part = internals.describe(value)
      if part then
        count = count + 1
        assert.are.equal(name, part.name)
        assert.is_truthy(part.doc)
        local example = assert(load("local nn = ... return " .. part.example), part.example)
        local joins = part.example:find("} {", 1, true) -- nodes, which do not exist yet
        if part.example:find "^nn" and not joins then assert(example(digits.nn) ~= nil) end
      end
    end
    assert.is_true(count > 25)
  end)

  it("finds things by value and by name", function()
    assert.matches("^digits.zeros { sizes", help.text(digits.zeros))
    assert.matches("^tensor:sum {", help.text "tensor.sum")
    assert.matches("^tensor:sum {", help.text(digits.zeros({ 1 }).sum))
    assert.matches("^model:fit%(set", help.text "fit")
    assert.matches("^data.csv {", help.text "data.csv")
    assert.matches("\nmethods\n.*reshape", help.text(digits.zeros { 1 }))
    assert.matches("layers: .*Conv2D", help.text(digits.nn))
    assert.matches("^digits.tensor {.*\nmethods\n", help.text "tensor")
    assert.matches("learners: .*RandomForest", help.text(digits.tree))
    assert.matches("^digits.search.grid {", help.text "grid")
    assert.matches("^digits.plot\nPictures, .*\n  bar ", help.text "plot")
    assert.matches("^digits.neighbors\nNearest neighbours .*\n  learners: KNeighbors",
      help.text(digits.neighbors))
    assert.matches("^digits.linear\nLinear models", help.text(digits.linear))
    assert.matches("^no help on this table", help.text {})
  end)

  it("describes each field of a value, also those that are read by one function", function()
    local layer = help.text "layer"
    assert.matches("\n  name +Its name in the model%.\n", layer)
    assert.matches("\n  trainable_parameters +How many of its parameters are trained%.", layer)
    assert.are.equal("layer.output_shape\nThe shape of its output for one row.",
      help.text "layer.output_shape")
    assert.matches("^model.name\nThe name given to nn.Sequential", help.text "model.name")
    assert.matches("^model.history\nWhat the last fit returned", help.text "model.history")
  end)

  it("keeps within 100 columns", function()
    for line in (help.text "search.halving" .. "\n" .. help.text "nn"):gmatch "[^\n]+" do
      assert(#line <= 100, line)
    end
    assert.matches("\n  folds: [^\n]*\n    [^\n]*%(optional%)\n      a whole number",
      help.text "search.halving")
  end)

  it("guesses what is meant by other names", function()
    assert.are.equal(help.text "Adam", help.text "adam")
    assert.are.equal(help.text "RandomForest", help.text "random_forest")
    assert.are.equal("no help on 'Conv2', did you mean 'Conv2D'?", help.text "Conv2")
    assert.are.equal("no help on 'nn.Linear': here it is Dense, as in " ..
      "nn.Dense { 128, activation = \"relu\" }", help.text "nn.Linear")
    assert.matches("here it is GradientBoosting", help.text "XGBRegressor")
    assert.are.equal("no help on 'kernel_size'; see the help on nn.Conv2D, " ..
      "nn.Conv2DTranspose, nn.DepthwiseConv2D, nn.SeparableConv2D",
      help.text "kernel_size")
    assert.are.equal("no help on 'early_stopping'; see the help on " ..
      "learner:fit, model:fit",
      help.text "early_stopping")
    for _, name in ipairs { "nonsense", "a%b", "model:fti" } do
      assert.are.equal("no help on '" .. name .. "'; help() lists everything",
        help.text(name))
    end
  end)

  it("lists what there is", function()
    local text = help.overview()
    for _, name in ipairs { "zeros", "data", "nn", "options", "dataset", "model" } do
      assert.matches("\n  " .. name .. " ", text)
    end
    assert.matches("\n  DecisionTree +A tree of [^\n]*Breiman et al%. 1984%)%.\n", text)
  end)
end)

describe("info", function()
  it("tells of the program and prints itself", function()
    local info = digits.info()
    assert.are.equal(digits.version, info.version)
    assert.are.equal(digits.threads(), info.threads)
    assert.are.equal(1, info.openblas_threads)
    assert.matches("^%l+$", info.openblas_build:lower())
    for _, name in ipairs { "processor", "kernels", "openblas", "openblas_core", "openblas_path",
      "lua" } do
      assert.are.equal("string", type(info[name]))
    end
    assert.matches("^digits%-lua " .. digits.version:gsub("%p", "%%%0"), tostring(info))
  end)
end)

describe("lists", function()
  it("print themselves, long ones in part", function()
    local set = digits.data.from_tensors { x = digits.zeros { 30, 1 }, y = digits.range { 30 } }
    assert.matches("^{0, 1, 2, .*21, %.%.%., 29}$", tostring(set.classes))
    assert.matches("^digits.nn: .*Conv2D", tostring(digits.nn))
    local model = digits.nn.Sequential { digits.nn.Input { 1 }, digits.nn.Dense { 30 } }
    model:compile { optimizer = "sgd", loss = "mean_squared_error" }
    local function lines(epochs)
      local history = model:fit(set, { epochs = epochs, verbose = 0 })
      return select(2, tostring(history):gsub("\n", "")) + 1, tostring(history)
    end
    assert.are.equal(102, (lines(100)))
    local count, text = lines(101)
    assert.are.equal(83, count)
    assert.matches("\n   40 [^\n]*\n  %.%.%.\n   62 ", text)
  end)
end)

describe("settings", function()
  it("can be read and set", function()
    local before = digits.threads()
    assert.are.equal(3, digits.threads(3))
    assert.are.equal(3, digits.threads())
    digits.threads(before)
    assert.are.equal(11, digits.seed(11))
    assert.are.equal(11, digits.seed())
    local start = digits.clock()
    assert.is_true(digits.clock() >= start)
  end)
end)
