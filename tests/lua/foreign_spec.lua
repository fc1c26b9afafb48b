-- Metamethods and methods of every class, called by hand with values that are not theirs: an error
-- or a result, never a crash. Every class that digits-lua has registered is walked.
local support = dofile "tests/lua/support.lua"

local SCRIPT = [[
local digits = require "digits"
local data, nn, tree, search = digits.data, digits.nn, digits.tree, digits.search

local function small_set()
  return data.from_tensors { x = digits.uniform { 8, 4, seed = 1 }, y = digits.range { 0, 8 } % 2 }
end

local function network()
  local model = nn.Sequential { nn.Input { 4 }, nn.Dense { 2, activation = "softmax" } }
  return model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
end

-- A value of each class, one that was closed by hand, and Lua's own.
local function make_values()
  local set, model, forest = small_set(), network(), tree.RandomForest { n_estimators = 2 }
  local history, part = model:fit(set, { verbose = 0 }), nn.Dense { 2 }
  forest:fit(set, { verbose = 0 })
  local closed = set.x:copy()
  getmetatable(closed).__gc(closed)
  return { set, set.x, model, forest, part, nn.Dense, part(nn.Input { 4 }), history, closed,
    model:weights(), model.layers, model.classes,
    digits.metrics.confusion_matrix(set.y, model:predict(set)), io.stdout, 5, 0.5, "x", {}, print,
    coroutine.create(print), true, setmetatable({}, { __name = "digits.tensor" }) }
end

-- journals, fits beside others and scopes of seeds have their classes from a search on
for _ = 1, 2 do
  search.grid { params = { a = { 1, 2 } }, model = network, workers = 2, seed = 1, verbose = 0,
    fit = function() return {} end, train = small_set(), validation = small_set(),
    metric = "accuracy", journal = arg[1] .. "/walk.jsonl" }
end

local values, calls = make_values(), 0

local function try(f, ...)
  calls = calls + 1
  local ok, message = pcall(f, ...)
  if not ok and type(message) ~= "string" then error "an error that is no text" end
end

local function try_all(f)
  try(f)
  try(f, nil)
  for _, a in ipairs(values) do
    try(f, a)
    try(f, nil, a)
    for _, b in ipairs(values) do
      try(f, a, b)
      try(f, a, b, 1)
    end
  end
  values = make_values() -- what was closed by hand, or written to
end

local function try_methods(meta, methods)
  for _, f in pairs(methods) do
    try(f)
    for _, a in ipairs(values) do
      if getmetatable(a) ~= meta and type(a) ~= "string" then try(f, a) end
    end
  end
end

local walked = {}
local function walk(name, meta)
  if walked[meta] then return end
  walked[meta] = name
  io.stderr:write(name, "\n") -- the last line names the class that crashed
  for key, field in pairs(meta) do
    if type(field) == "function" and tostring(key):sub(1, 2) == "__" then
      try_all(field)
    elseif type(field) == "table" and field ~= meta then
      try_methods(meta, field)
    end
  end
end

for name, meta in pairs(debug.getregistry()) do
  if type(name) == "string" and name:find "^digits%." and type(meta) == "table" and
    rawget(meta, "__name") == name then
    walk(name, meta)
  end
end
for i, value in ipairs(values) do
  local meta = getmetatable(value)
  if type(meta) == "table" and type(value) ~= "string" and
    not rawequal(value, io.stdout) then
    walk("value " .. i, meta)
  end
end

local names = {}
for _, name in pairs(walked) do names[#names + 1] = name:match "^digits%.(.+)" end
table.sort(names)
print(calls > 10000, table.concat(names, " "))
]]

describe("classes called by hand with foreign values", function()
  it("raise errors, and do not crash", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local out, err, status = support.run(folder, SCRIPT, folder)
    assert.are.equal(0, status, err)
    assert.matches("^true\t", out)
    for _, name in ipairs { "background", "box", "confusion_matrix", "constructor", "dataset",
      "journal", "learner", "model", "json", "node", "part", "tensor" } do
      assert.is_truthy((out:gsub("%s", " ")):find(" " .. name .. " ", 1, true), name .. ": " .. out)
    end
  end)
end)
