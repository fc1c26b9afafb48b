-- Calls every function of the library with values that nobody expects, at random, and fails when
-- one raises an error that is not a sentence of the library's. usage:
--
--   digits-lua tests/fuzz/api.lua [SECONDS [SEED [NAME]]]
--
-- Prints one line for each kind of raw error, with a call that raises it. NAME: only functions
-- whose name contains it. gnuplot is not run: all that leads to its commands is. As a module, where
-- no script of this name is started, it returns run(limits): see there.
local digits = require "digits"
local internals = require("digits.core").internals
local data, metrics, nn = digits.data, digits.metrics, digits.nn
local plot, tree = digits.plot, digits.tree
local documents = internals.documents()

-- ---- what a message must not look like ----

local RAW = {
  "attempt to ", "bad argument #", "got no value", "stack overflow", "no integer representation",
  "initial value must be", "limit must be a number", "table index is", "invalid order function",
  "invalid option ", "invalid conversion", "invalid value %(", "wrong number of arguments",
  "too many results", "string slice too long", "out of range", "scripts/", "%[string \"",
  "digits%.%l+:%d",
  "invalid UTF%-8 code", "number expected", "string expected", "table expected",
}
local FINE = { -- phrases of ours that one of these is part of
  "%d+ is out of range", -- of a row or an index
}

-- What is raw about an error, or nil.
local function rawness(failure)
  if type(failure) ~= "string" then return "an error that is a " .. type(failure) end
  local text = failure:gsub("^[^\n]-api%.lua:%d+: ", "") -- the position of the call
  if text == failure then return "no position of the caller: " .. failure:sub(1, 160) end
  for _, fine in ipairs(FINE) do text = text:gsub(fine, "") end
  for _, pattern in ipairs(RAW) do
    if text:find(pattern) then return text:sub(1, 160) end
  end
end

-- ---- hostile values ----

local state = 1
local function random(bound) -- 1 .. bound, the same on every machine
  state = (state * 6364136223846793005 + 1442695040888963407)
  return (state >> 33) % bound + 1
end

local function pick(list) return list[random(#list)] end

local NUMBERS = { 0, 1, -1, 2, 3, 5, 10, 255, 256, 0.5, 1.5, -0.25, 0.0, -0.0, 2.0, 1e-300, 1e300,
  math.huge, -math.huge, 0 / 0, 1e15, 12345678901 }
local HUGE = { math.maxinteger, math.mininteger, 1 << 31, 1 << 40, -(1 << 31), 1e18 }
local STRINGS = { "", "a", "x", "nonsense", "'90s", "a''b", "]]>", "\0", "a\0b", "\255\254", "%d%s",
  "\n", ("long "):rep(60), "accuracy", "loss", "recall", "f1", "macro", "micro", "relu", "adam",
  "softmax", "categorical_crossentropy", "uint8", "float32", "int32", "train", "svg", "png",
  "out.svg", "out.png", "out.html", "m.safetensors", "m.json", "none/x.svg", ".", "/", "1", "0.5",
  "auto", "epochs", "rows", "valid", "same", "é数", "grey", "diverging", "width", "title" }

local objects = {} -- values of the library: made once

local function make_objects()
  local x = digits.normal { 12, 4, seed = 1 }
  local y = x[{ {}, { 1, 3 } }]:argmax { axis = 2 }
  local set = data.from_tensors { x = x, y = y }
  local images = data.from_tensors { x = digits.zeros { 6, 5, 5, 1, dtype = "uint8" },
    y = digits.tensor { 1, 2, 3, 1, 2, 3, dtype = "int32" } }
  local numbers = data.from_tensors { x = x, y = x[{ {}, 1 }] }
  local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 3, activation = "softmax" } }
  model:compile { optimizer = "adam", loss = "categorical_crossentropy", metrics = { "accuracy" } }
  local history = model:fit(set, { epochs = 2, verbose = 0 })
  local cnn = nn.Sequential { nn.Input { 5, 5, 1 }, nn.Conv2D { 2, { 3, 3 } }, nn.Flatten {},
    nn.Dense { 3, activation = "softmax" } }
  local forest = tree.RandomForest { n_estimators = 2, max_depth = 2 }
  forest:fit(set, { verbose = 0 })
  local boosting = tree.GradientBoosting { n_estimators = 2, max_depth = 2 }
  boosting:fit(set, { verbose = 0 })
  local labels = model:predict(x)
  local cm = metrics.confusion_matrix(y, labels)
  local found = digits.search.grid { params = { units = { 2, 3 } }, train = set, validation = set,
    fit = { epochs = 1 }, verbose = 0, model = function(p)
      local m = nn.Sequential { nn.Input { 4 }, nn.Dense { p.units },
        nn.Dense { 3, activation = "softmax" } }
      m:compile { optimizer = "adam", loss = "categorical_crossentropy" }
      return m
    end }
  return { x, y, labels, set, images, numbers, set:take(1), model, cnn, forest, boosting, history,
    boosting.history, cm, found, found.best, found.trials, found.trials[1], model:predict_proba(x),
    digits.tensor(1), digits.zeros { 0, 3 }, digits.zeros { 2, 2, 2 }, digits.zeros { 3 } / 0,
    digits.ones { 4 } / 0, x.shape, set.classes, metrics.calibration(y, model:predict_proba(x),
      { classes = model.classes }),
    nn.Dense { 2 }, nn.Adam {}, tree.RandomForest {}, plot.line { y = { 1, 2 } },
    digits.report.new("page.html", { title = "t" }), digits.info(), digits, digits.plot,
    io.stdout, coroutine.create(print), setmetatable({}, { __name = "digits.tensor" }),
    setmetatable({}, { __name = 7 }), set.x, cm.counts }
end

local words = {} -- names of options, from the documents

local function make_words()
  local seen = {}
  for _, document in pairs(documents) do
    for word in document.text:gmatch "([%a_][%w_]*) =" do seen[word] = true end
  end
  for word in pairs(seen) do words[#words + 1] = word end
  table.sort(words)
end

-- own: the names of the function's own options; small: no number that makes work for hours.
local value_of

local function table_of(depth, own, small)
  local made = {}
  for i = 1, random(4) - 1 do made[i] = value_of(depth + 1, own, small) end
  if random(3) == 1 then return made end
  for _ = 1, random(4) - 1 do
    local name = #own > 0 and random(4) > 1 and pick(own) or pick(words)
    made[name] = value_of(depth + 1, own, small)
  end
  if random(12) == 1 then
    made[pick { 0, -1, 7, 0.5, true, "" }] = value_of(depth + 1, own, small)
  end
  return made
end

local function list_of(depth, own, small)
  local made, maker = {}, random(5)
  for i = 1, random(6) - 1 do
    made[i] = maker == 1 and pick(STRINGS) or maker == 2 and table_of(depth + 1, own, small)
      or maker == 3 and pick(objects) or pick(NUMBERS)
  end
  return made
end

local FUNCTIONS = { function() end, function(...) return ... end, function() return 1 end,
  function() error "the user's own" end, function() return {} end, print and tostring }

function value_of(depth, own, small)
  local kind = random(depth > 2 and 8 or 12)
  if kind <= 2 then return pick(NUMBERS) end
  if kind == 3 then return not small and random(3) == 1 and pick(HUGE) or pick(NUMBERS) end
  if kind == 4 then return pick(STRINGS) end
  if kind <= 6 then return pick(objects) end
  if kind == 7 then return pick { true, false, nil } end
  if kind == 8 then return pick(FUNCTIONS) end
  if kind <= 10 then return table_of(depth, own, small) end
  return list_of(depth, own, small)
end

-- ---- the functions ----

-- Those that end the program, wait, or read what is not there; those whose numbers mean work.
local LEFT_OUT = { ["digits.options"] = true, ["digits.data.mnist"] = true,
  ["digits.threads"] = true,
  ["digits.data.open"] = true }
local WORK = { "fit", "search%.", "label_issues", "bootstrap", "importance", "gradient", "compare",
  "zeros", "ones", "full", "normal", "uniform", "eye", "range", "one_hot", "reshape", "broadcast",
  "expand", "histogram", "mcnemar", "permut", "tile", "repeat", "kernels", "heatmap",
  "calibration" }

local function is_work(name)
  for _, pattern in ipairs(WORK) do
    if name:find(pattern) then return true end
  end
  return false
end

local function own_words(text)
  local own = {}
  for word in (text or ""):gmatch "([%a_][%w_]*) *=" do own[#own + 1] = word end
  return own
end

local function gather(filter)
  local found, seen = {}, {}
  local function add(name, action, object)
    if LEFT_OUT[name] or seen[name] or (filter and not name:find(filter, 1, true)) then return end
    seen[name] = true
    local part = internals.describe(action)
    local own = own_words(documents[action] and documents[action].text)
    for _, param in ipairs(part and part.params or {}) do own[#own + 1] = param.name end
    found[#found + 1] = { name = name, call = action, object = object, own = own,
      small = is_work(name) }
  end
  local function walk(fields, prefix)
    for name, value in pairs(fields) do
      if type(name) == "string" and (type(value) == "function" or documents[value]
        or internals.describe(value)) and value ~= internals then
        if type(value) == "table" and getmetatable(value) and not (getmetatable(value) or {}).__call
        then
          walk(value, prefix .. name .. ".")
        else
          add(prefix .. name, value)
        end
      end
    end
  end
  walk(digits, "digits.")
  for value, document in pairs(documents) do -- methods
    if type(value) == "function" and document.name:find ":" then
      add(document.name, value, true)
    end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

-- ---- calling ----

-- All of a picture but gnuplot itself.
local FILES = { svg = "<?xml </svg>", png = "\137PNG\r\n\26\nIEND\174B`\130", pdf = "%PDF-%%EOF" }

local function stub_gnuplot(commands)
  return FILES[commands:match "set terminal (%l%l%l)"] or "text\n", ""
end

local function look_at(value)
  if require("digits.plot.picture").is(value) then
    value:render "svg"
    require("digits.plot.picture").text(value, 80, "plain")
  end
  tostring(value)
end

local function describe(value, depth)
  if type(value) == "string" then return ("%q"):format(value:sub(1, 40)):gsub("\n", "n") .. "" end
  if type(value) ~= "table" or getmetatable(value) or depth > 3 then
    local meta = debug.getmetatable(value)
    local name = type(value) ~= "number" and type(meta) == "table" and rawget(meta, "__name")
    return type(name) == "string" and "<" .. name .. ">"
      or type(value) == "function" and "<function>"
      or type(value) == "table" and "<table>" or tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = (math.type(key) == "integer" and "" or tostring(key) .. " = ")
      .. describe(item, depth + 1)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function call_text(one, arguments)
  local parts = {}
  for i = 1, arguments.n do parts[i] = describe(arguments[i], 1) end
  return one.name .. "(" .. table.concat(parts, ", ") .. ")"
end

-- Arguments that are right, of which one or two values are replaced by others: what lies behind the
-- checks of arguments is reached so.
local function right_plots()
  local bins = { bins = { { confidence = 0.5, accuracy = 0.25, count = 3 }, { confidence = 0.75,
    accuracy = 1.0, count = 4 } }, ece = 0.25, label = "a" }
  local curve = { fpr = { 0, 0.5, 1 }, tpr = { 0, 0.75, 1 }, auc = 0.75, label = "b" }
  return {
    ["digits.plot.bar"] = { { labels = { "a", "b" }, values = { 1, 2 }, xlabel = "x", title = "t",
      { values = { 2, 3 }, label = "l" }, width = 300 } },
    ["digits.plot.line"] = { { { x = { 1, 2 }, y = { 3, 4 }, label = "a", points = true },
      { y = { 1, 2 } }, logx = true, logy = true, xlabel = "x" } },
    ["digits.plot.calibration"] = { { bins, bins }, { title = "t" } },
    ["digits.plot.roc"] = { { one = curve, two = curve }, { title = "t" } },
    ["digits.plot.compare"] = { { { name = "a", accuracy = 0.5, seconds = 2, accuracy_spread = 0.1,
      seconds_spread = 1 }, { name = "b", accuracy = 1, seconds = 3 } }, { title = "t" } },
    ["digits.plot.confusion_matrix"] = { { labels = { 1, 2 }, counts = { { 1, 2 }, { 3, 4 } } },
      { labels = { "a", "b" } } },
    ["digits.plot.grid"] = { { objects.picture, objects.picture, columns = 2 } },
    ["digits.plot.heatmap"] = { digits.zeros { 3, 2 }, { colours = "blue", low = 0, high = 1,
      xlabel = "x", ylabel = "y" } },
    ["digits.plot.histogram"] = { { 1, 2, 3 }, { bins = 3, low = 0, high = 4, xlabel = "v" } },
    ["digits.plot.history"] = { { loss = { 2, 1 }, val_loss = { 3, 2 }, accuracy = { 0.5, 1 },
      epochs = 2, best_epoch = 2, seconds = { 1, 1 } }, { title = "t" } },
    ["digits.plot.images"] = { objects[5], { rows = { 1, 2 }, captions = { "a", "b" }, columns = 2,
      predictions = { 1, 2 }, labels = { 1, 2 }, count = 2 } },
    ["digits.plot.importance"] = { { 1, 2, 3, 4 }, { names = { "a", "b", "c", "d" }, most = 3,
      shape = { 2, 2 } } },
    ["digits.plot.kernels"] = { objects[9], { layer = "conv2d", most = 2, channel = 1 } },
    ["digits.plot.search"] = { { trials = { { params = { a = 1, b = "x" },
      scores = { accuracy = 1 } },
      { params = { a = 2, b = "y" }, scores = { accuracy = 0.5 } } }, metric = "accuracy" },
      { title = "t" } },
  }
end

local function make_right()
  local x, y, labels, model = objects[1], objects[2], objects[3], objects[8]
  local probabilities = model:predict_proba(x)
  local classes = { classes = model.classes }
  local right = {
    ["page:table"] = { objects.page, { head = { "a", "b" }, rows = { { 1, 2 }, { "c", "d" } },
      best = 1,
      texts = 1, caption = "c" } },
    ["page:figure"] = { objects.page, { objects.picture, { objects.picture,
      narrow = objects.picture } },
      "caption", "alt" },
    ["page:tiles"] = { objects.page, { { "a", "1" }, { "b", 2 } } },
    ["page:list"] = { objects.page, { "a", "b" } }, ["page:text"] = { objects.page, "a", "b" },
    ["digits.report.new"] = { "page.html", { title = "t", lead = "l" } },
    ["digits.search.grid"] = { { params = { a = { 1, 2 } }, train = objects[4],
      validation = objects[4],
      model = function() error "the user's own" end, fit = { epochs = 1 }, metric = "accuracy",
      verbose = 0, seed = 1, workers = 1 } },
    ["digits.search.random"] = { { params = { a = digits.search.uniform(0, 1) }, trials = 2,
      train = objects[4], folds = 2, model = function() error "the user's own" end, verbose = 0 } },
    ["digits.search.halving"] = { { params = { a = { 1, 2, 3 } }, max = 3, train = objects[4],
      validation = objects[4], model = function() error "the user's own" end, verbose = 0 } },
    ["digits.data.from_tensors"] = { { x = x, y = y, class_names = { "a", "b", "c" } } },
    ["digits.data.label_issues"] = { objects[4], { model = function() error "the user's own" end,
      folds = 2, seed = 1 } },
    ["digits.tensor"] = { { { 1, 2 }, { 3, 4 }, dtype = "float32" } },
  }
  for name, arguments in pairs(right_plots()) do right[name] = arguments end
  for name in pairs(metrics) do
    if name ~= "compare" then right["digits.metrics." .. name] = { y, labels, {} } end
  end
  for _, name in ipairs { "log_loss", "roc_curve", "auc", "calibration", "top_k_accuracy" } do
    right["digits.metrics." .. name] = { y, probabilities, classes }
  end
  return right
end

local right

local function copy(value, chance, one)
  if random(chance) == 1 then return value_of(1, one.own, one.small) end
  if type(value) ~= "table" or getmetatable(value) then return value end
  local made = {}
  for key, item in pairs(value) do made[key] = item end
  local keys = require("digits.show").sorted_keys(made)
  for _, key in ipairs(keys) do made[key] = copy(made[key], chance, one) end
  return made
end

local function make_arguments(one)
  local known = right[one.name]
  if known and random(3) > 1 then
    local arguments = { n = #known }
    for i, value in ipairs(known) do arguments[i] = copy(value, 10, one) end
    return arguments
  end
  local arguments = { n = random(4) - 1 }
  for i = 1, arguments.n do arguments[i] = value_of(0, one.own, one.small) end
  if arguments.n > 0 and random(3) == 1 then arguments[1] = pick(objects) end
  if arguments.n == 2 and random(2) == 1 then -- one of its options, that is all
    arguments[2] = #one.own > 0 and { [pick(one.own)] = value_of(1, one.own, one.small) } or {}
  end
  if one.object and random(8) > 1 then
    arguments[1] = pick(objects)
    arguments.n = math.max(1, arguments.n)
  end
  return arguments
end

-- Runs for limits.seconds, or limits.calls; limits.seed, limits.filter. Gives how many calls, how
-- many raised, and the list of raw errors { message, call }.
local function run(limits)
  state = (limits.seed or 1) * 2654435761 + 12345
  if #objects == 0 then
    local made = make_objects()
    for i, value in ipairs(made) do objects[i] = value end
    for _, value in ipairs(made) do
      local meta = debug.getmetatable(value)
      local kind = type(meta) == "table" and rawget(meta, "__name")
      if kind == "digits.page" then objects.page = value end
      if kind == "digits.picture" then objects.picture = value end
    end
    make_words()
    right = make_right()
  end
  local functions, raw, seen = gather(limits.filter), {}, {}
  local gnuplot, say = internals.picture.gnuplot, warn
  internals.picture.gnuplot = stub_gnuplot
  local calls, raised, began = 0, 0, digits.clock()
  while calls < (limits.calls or math.huge) and digits.clock() - began < (limits.seconds or 1e9) do
    local one = pick(functions)
    local arguments = make_arguments(one)
    if limits.trace then io.stderr:write(call_text(one, arguments), "\n") end
    local ok, failure = pcall(function()
      look_at((one.call(table.unpack(arguments, 1, arguments.n))))
    end)
    calls = calls + 1
    if not ok then
      raised = raised + 1
      local kind = rawness(failure)
      local key = kind and one.name .. kind:gsub("%d+", "N"):gsub("'[^']*'", "''")
      local own = type(failure) == "string" and failure:find "the user's own"
      if kind and not seen[key] and not own then
        seen[key] = true
        raw[#raw + 1] = { kind, call_text(one, arguments) }
      end
    end
  end
  internals.picture.gnuplot = gnuplot
  assert(say == warn)
  return calls, raised, raw, #functions
end

if arg and arg[0] and arg[0]:find "api%.lua$" then
  local calls, raised, raw, count = run { seconds = tonumber(arg[1] or 60),
    seed = tonumber(arg[2] or 1),
    filter = arg[3], trace = os.getenv "TRACE" ~= nil }
  for _, one in ipairs(raw) do io.stderr:write(one[1], "\n    ", one[2], "\n") end
  io.stderr:write(("%d calls of %d functions, %d raised, %d kinds of raw errors\n"):format(calls,
    count, raised, #raw))
  os.exit(#raw == 0, true)
end
return { run = run }
