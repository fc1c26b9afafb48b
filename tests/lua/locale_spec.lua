-- Files and pictures are the same, and can be read, in a locale that writes 0,5 for a half.
local support = dofile "tests/lua/support.lua"

-- Does all that writes or reads numbers, in the folder arg[1]; with arg[2] in that locale.
local SCRIPT = [[
  local digits = require "digits"
  local data, nn, tree, plot = digits.data, digits.nn, digits.tree, digits.plot
  local folder, locale = arg[1], arg[2]
  if locale then
    assert(os.setlocale(locale), "no such locale")
    assert(tostring(0.5) == "0,5", "no comma in this locale")
  end
  local function write(name, text)
    local file <close> = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
  end
  digits.seed(4)
  local x = digits.normal { 120, 4, seed = 1 }
  local set = data.from_tensors { x = x, y = x:argmax { axis = 2 } - 1 }

  -- models, both ways
  local boost = tree.GradientBoosting { n_estimators = 4, learning_rate = 0.25, max_depth = 2 }
  boost:fit(set, { verbose = 0 })
  boost:save(folder .. "/boost.json")
  local read = digits.load(folder .. "/boost.json")
  assert((read:predict_proba(x) - boost:predict_proba(x)):abs():max() < 1e-6)
  local forest = tree.RandomForest { n_estimators = 3, max_features = 0.75, max_samples = 0.5 }
  forest:fit(set, { verbose = 0 })
  forest:save(folder .. "/forest.safetensors")
  assert(digits.load(folder .. "/forest.safetensors"):predict(x) == forest:predict(x))
  assert(digits.load(folder .. "/forest.safetensors").max_features == 0.75)
  local function build(p)
    local model = nn.Sequential { nn.Input { 4 }, nn.Dropout(p.dropout),
      nn.Dense { 4, activation = "softmax", kernel_regularizer = nn.L2(0.125) } }
    model:compile { optimizer = nn.Adam(p.rate), loss = "categorical_crossentropy" }
    return model
  end
  local model = build { dropout = 0.25, rate = 0.5 }
  model:save(folder .. "/model.safetensors")
  assert(digits.load(folder .. "/model.safetensors"):predict_proba(x) == model:predict_proba(x))

  -- journals, resumed
  local function search()
    return digits.search.grid { params = { dropout = { 0.125, 0.5 }, rate = { 1e-3, 0.75 } },
      model = build, train = set, folds = 2, fit = { epochs = 2 }, verbose = 0, seed = 1,
      journal = folder .. "/grid.jsonl" }
  end
  local found = search()
  local again = search()
  assert(again.restored == 4)
  assert(again.best.model:predict_proba(x) == found.best.model:predict_proba(x))
  for i, trial in ipairs(found.trials) do
    assert(trial.scores.accuracy == again.trials[i].scores.accuracy)
    assert(trial.scores.loss == again.trials[i].scores.loss)
  end

  -- CSV and options
  write("x.csv", "0.5,-1.25e-3,7\n1.23456789012345678901,.5,8\n")
  local csv = data.csv { images = folder .. "/x.csv", dtype = "float32", header = false }
  assert(csv.x[{ 1, 1 }] == 0.5 and math.abs(csv.x[{ 2, 1 }] - 1.23456789) < 1e-6)
  assert(csv.x[{ 2, 2 }] == 0.5)
  arg = { "--rate", "0.25" }
  assert(digits.options { rate = 0.5 }.rate == 0.25)

  -- pictures, pages and texts
  local labels = forest:predict(x)
  local pictures = {
    line = plot.line { x = { 0.5, 1.5, 2.25 }, y = { 0.001, 0.5, 12.5 }, logy = true, title = "t" },
    bar = plot.bar { values = { 0.5, 2.25 }, labels = { 0.5, "b" } },
    histogram = plot.histogram(x[{ {}, 1 }], { bins = 7 }),
    confusion = plot.confusion_matrix(digits.metrics.confusion_matrix(set.y, labels)),
    heatmap = plot.heatmap(x[{ { 1, 5 } }]),
    importance = plot.importance(forest),
    search = plot.search(found),
    compare = plot.compare { { name = "a", accuracy = 0.5125, seconds = 1.25 },
      { name = "b", accuracy = 0.75, seconds = 12.5 } },
    images = plot.images(digits.normal { 3, 5, 5, 1, seed = 2 }, { captions = { 0.5, 1, 2 } }),
    history = plot.history(boost.history),
  }
  for name, picture in pairs(pictures) do
    if name ~= "search" then picture:save(folder .. "/" .. name .. ".svg") end
  end
  pictures.line:save(folder .. "/line.png")
  pictures.line:save(folder .. "/line.pdf")
  digits.report.new(folder .. "/page.html", { title = "Page" })
    :table { head = { "a" }, rows = { { 0.5 } } }:figure(pictures.bar, "half"):save()
  write("texts", table.concat({ tostring(x), tostring(boost), tostring(nn.Adam(0.125)),
    tostring(digits.metrics.confusion_matrix(set.y, labels)),
    digits.metrics.classification_report(set.y, labels), boost:tree_text(1),
    select(2, pcall(nn.Dropout, 1.5)):gsub("^.-:%d+: ", "") }, "\n"))
  pictures.line:show()

  -- what fits print, and histories, with given seconds
  local progress = require "digits.progress"
  for _, step in ipairs { "epoch", "round" } do
    progress("epoch", { step = step, epoch = 1, epochs = 1, seconds = 0.25, loss = 0.5 }, false)
  end
  for _, name in ipairs { "seconds", "total_seconds" } do
    boost.history[name] = name == "seconds" and { 0.25, 0.5, 0.75, 1.5 } or 3.25
  end
  print(boost.history)
  print(setmetatable({ loss = 0.5 }, require("digits.core").internals.printable "record"))
]]

describe("a locale with a decimal comma", function()
  local folder, locale, path

  -- One that there is, or that can be made.
  local function find()
    for _, name in ipairs { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "it_IT.UTF-8" } do
      local code = ("os.exit(os.setlocale('%s') ~= nil and tostring(0.5) == '0,5')"):format(name)
      local _, _, status = support.run(folder, code)
      if status == 0 then return name, "" end
    end
    local made = os.execute(("localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >'%s/log' 2>&1"):format(
      folder, folder))
    if made then return "de_DE.UTF-8", "LOCPATH='" .. folder .. "'" end
  end

  setup(function()
    folder = support.folder()
    locale, path = find()
  end)
  teardown(function() support.remove(folder) end)

  local function run(name, words, environment)
    assert(os.execute(("mkdir '%s/%s'"):format(folder, name)))
    local out, err, status = support.run(folder, SCRIPT, ("'%s/%s' %s"):format(folder, name, words),
      environment)
    assert.are.same({ "", 0 }, { err, status })
    return out
  end

  -- Of a model without the words of the command line, which are in its recipe.
  local function read(name, file)
    local text = support.read(folder .. "/" .. name .. "/" .. file)
    if not file:find "safetensors$" then return text end
    return (text:sub(9):gsub('\\"arguments\\":%[.-%],', "", 1):gsub("/" .. name .. "/", "/", 1)
      :gsub("} +", "}"))
  end

  it("changes no file, no picture and no number that is read", function()
    if not locale then return pending "no locale with a comma, nor localedef with its sources" end
    local plain = run("plain", "", "")
    local comma = run("comma", locale, ("env %s LC_ALL=%s"):format(path, locale))
    assert.are.equal(plain, comma)
    for _, file in ipairs { "boost.json", "forest.safetensors", "model.safetensors", "line.svg",
      "bar.svg", "histogram.svg", "confusion.svg", "heatmap.svg", "importance.svg", "compare.svg",
      "images.svg", "history.svg", "line.png", "line.pdf", "page.html", "texts" } do
      assert.is_true(read("plain", file) == read("comma", file), file .. " differs")
    end
    local function journal(name)
      return (read(name, "grid.jsonl"):gsub('"id":"%x*"', ""):gsub('"[%a_]*seconds":[^,}]*,?', "")
        :gsub('"seconds":%[[^]]*%],?', ""))
    end
    assert.are.equal(journal "plain", journal "comma")
  end)
end)
