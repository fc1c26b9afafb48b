-- A short run of tests/fuzz/api.lua, and the calls that it once found wanting.
local digits = require "digits"
local shell = dofile "tests/lua/shell.lua"
local support = require "tests.lua.support"
local plot, tree = digits.plot, digits.tree

describe("calls with values that nobody expects", function()
  it("raise sentences of the library's", function()
    local calls = support.sanitized and 3000 or 12000
    shell.open()
    shell.file("api.lua", support.read "tests/fuzz/api.lua")
    shell.file("go.lua", ([[
      local fuzz = dofile "api.lua"
      local calls, raised, raw, functions = fuzz.run { calls = %d, seed = 1 }
      for _, one in ipairs(raw) do io.stderr:write(one[1], "\n    ", one[2], "\n") end
      io.stderr:write(functions > 180 and raised > calls / 2 and raised < calls and "done" or "odd")
      os.exit(#raw == 0, true)]]):format(calls))
    local _, err, status = shell.run "exec $P go.lua"
    shell.close()
    -- AddressSanitizer says what the library then says better
    err = err:gsub("==%d+==WARNING: AddressSanitizer failed to allocate %w+ bytes\n", "")
    assert.are.same({ "done", 0 }, { err, status })
  end)

  local function message(action, ...)
    local given = table.pack(...)
    return support.message(function()
      local result = action(table.unpack(given, 1, given.n))
      return result
    end)
  end

  it("name what was given, and what was expected", function()
    local set = digits.data.from_tensors { x = digits.zeros { 4, 2 }, y = digits.range { 4 } }
    local forged = setmetatable({}, { __name = "digits.tensor" })
    local model = digits.nn.Sequential { digits.nn.Input { 4 }, digits.nn.Dense { 2 } }
    local forest = tree.RandomForest { n_estimators = 1 }
    forest:fit(set, { verbose = 0 })
    for _, case in ipairs {
      { "plot%.roc: curve must be a list, .*, found 5", plot.roc, 5 },
      { "plot%.calibration: curve must be .*, found true", plot.calibration, true },
      { "plot%.confusion_matrix: matrix must be .*, found a dataset",
        plot.confusion_matrix, set },
      { "plot%.confusion_matrix: matrix: counts%[1%]%[1%] must be a number", plot.confusion_matrix,
        { labels = { 1 }, counts = { { "x" } } } },
      { "plot%.heatmap: tensor must be a tensor, found a table", plot.heatmap, forged },
      { "plot%.importance: shape must be a list of 2 whole numbers", plot.importance, { 1, 2 },
        { shape = { 1, "2" } } },
      { "plot%.importance: shape must be a list of 2 whole numbers", plot.importance, { 1 },
        { shape = {} } },
      { "plot%.kernels: most must be a whole number of at least 1, found 1.5", plot.kernels, model,
        { shape = { 2, 2 }, most = 1.5 } },
      { "plot%.compare: candidates%[1%]: accuracy_spread must be a number of at least 0",
        plot.compare, { { name = "a", accuracy = 1, seconds = 1, accuracy_spread = "x" } } },
      { "plot%.search: found: trials%[1%] must be a table", plot.search, { trials = { 7 } } },
      { "tree_text: ", forest.tree_text, model }, { "importances: ", forest.importances, model },
    } do
      assert.matches(case[1], message(case[2], case[3], case[4]))
    end
  end)

  it("are told to use a colon by pages", function()
    local folder = support.folder()
    local page = digits.report.new(folder .. "/p.html", { title = "t" })
    for _, case in ipairs {
      { "save: use a colon: page:save%(%)", page.save },
      { "text: use a colon", page.text, "prose" },
      { "figure: pictures%[1%] must be a picture or a table {.*}, found 7", page.figure,
        page, { 7 }, "" },
      { "figure: pictures must be .*, found an empty list", page.figure, page, {}, "" },
      { "table: rows%[1%] must be a list or tensor, found 7", page.table, page,
        { head = { "a" }, rows = { 7 } } },
      { "tiles: tiles%[1%] must be a list or tensor, found 7", page.tiles, page, { 7 } },
      { "text: paragraphs%[2%] must be a string, found 2", page.text, page, "a", 2 },
      { "part: title must be a string, found true", page.part, page, true },
      { "report.new: title is required", digits.report.new, folder .. "/q.html" },
    } do
      assert.matches(case[1], message(table.unpack(case, 2)))
    end
    assert.matches("a page has no field 'tabel', did you mean 'table'%?",
      message(function() page:tabel {} end))
    support.remove(folder)
  end)
end)
