-- Datasets from Lua: that they never change, what y is, and sets with other parts.
local digits = require "digits"
local data, metrics, tree = digits.data, digits.metrics, digits.tree
local support = dofile "tests/lua/support.lua"
local message = support.message

local folder

setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

local NEVER = "belongs to a dataset, which never changes.*y = set.y:copy%(%).*set:with { y = y }"

-- Rows that tell their class, 0 or 1, by their value; n of each.
local function make(n)
  local x = digits.concat { digits.zeros { n, 2 }, digits.ones { n, 2 } }
  return data.from_tensors { x = x, y = x[{ {}, 1 }]:astype "int32", class_names = { "no", "yes" } }
end

describe("a dataset never changes", function()
  it("through its own tensors, or any view of them", function()
    local all = make(5)
    local few = all:take(5)
    for _, write in ipairs {
      function() few.x[{ {} }] = 0 end,
      function() all.y[1] = 1 end,
      function() all.labels[{ { 1, 3 } }] = 1 end,
      function() all.x[1][2] = 7 end,
      function() all.x[{ {}, 1 }] = digits.ones { 10 } end,
      function() all.x:reshape { 20 }[1] = 7 end,
      function() all.x:transpose()[1] = 7 end,
      function() all:one_hot().y[1] = 0 end,
      function() for batch in all:batches { 4 } do batch.x[1] = 7 end end,
    } do
      assert.matches(NEVER, message(write))
    end
    assert.are.equal(10.0, all.x:sum())
    assert.are.equal(5, all.y:sum())
    assert.matches("never changes: set:with", message(function() all.y = 1 end))
  end)

  it("through the tensors that it was made from, which go on as views of each other", function()
    local x, y = digits.zeros { 3, 2 }, digits.tensor { 4, 9, 4 }
    local row = x[2]
    local set = data.from_tensors { x = x, y = y }
    local kept = set.x
    row[1] = 5
    y[{ { 1, 2 } }] = 7
    assert.are.equal(5.0, x[2][1])
    x[2] = 6
    assert.are.equal(6.0, row[2])
    assert.are.equal(0.0, set.x:sum())
    assert.are.equal(0.0, kept:sum())
    assert.are.same({ 4, 9, 4 }, set.y:totable())
    assert.are.same({ [4] = 2, [9] = 1 }, set:counts())
    assert.are.same({ 7, 7, 4 }, y:totable())
  end)

  it("so that one tensor can be filled for several", function()
    local buffer, sets = digits.zeros { 2, 2 }, {}
    for i = 1, 3 do
      buffer[{ {} }] = i
      sets[i] = data.from_tensors { x = buffer }
    end
    for i = 1, 3 do assert.are.equal(4.0 * i, sets[i].x:sum()) end
  end)

  it("within a fit whose callback writes to the rows", function()
    local x, y = digits.uniform { 64, 3, seed = 1 }, digits.range(64) % 2
    local function run(write)
      local nn = digits.nn
      digits.seed(1)
      local model = nn.Sequential { nn.Input { 3 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = nn.Adam(), loss = "categorical_crossentropy" }
      local mine = x:copy()
      return model:fit(mine, y, { epochs = 3, verbose = 0, seed = 1, batch_size = 16,
        on_epoch_end = function() if write then mine[{ {} }] = 100 end end }).loss
    end
    assert.are.same(run(false), run(true))
  end)
end)

describe("with", function()
  it("corrects labels, for all who read them", function()
    local set = make(20)
    local y = set.y:copy()
    for row = 1, 40 do y[row] = 1 - y[row] end
    local corrected = set:with { y = y }
    assert.are.same({ "no", "yes" }, corrected.class_names)
    assert.are.equal(set.x, corrected.x)
    local forest = tree.RandomForest { n_estimators = 5, seed = 1 }
    forest:fit(corrected)
    local labels = forest:predict(corrected)
    assert.are.equal(y, labels)
    assert.are.equal(1.0, forest:evaluate(corrected).accuracy)
    assert.are.equal(1.0, metrics.accuracy(corrected.y, labels))
    assert.are.equal(0.0, forest:evaluate(set).accuracy)
    assert.are.equal(0.0, metrics.accuracy(set, labels))
    assert.are.equal(1.0, corrected:one_hot().y[1][2])
    y[{ { 1, 30 } }] = 1
    y[{ { 31, 40 } }] = 0
    local uneven = set:with { y = y }
    assert.are.same({ [0] = 10, [1] = 30 }, uneven:counts())
    local part = uneven:split { 0.5, 0.5, seed = 1, stratify = true }
    assert.are.same({ [0] = 5, [1] = 15 }, part:counts())
    assert.are.same({ [0] = 20, [1] = 20 }, set:counts())
  end)

  it("replaces rows and names", function()
    local set = make(2)
    local flat = set:with { x = set.x:reshape { 4, 1, 2 }, class_names = { "nein", "ja" } }
    assert.are.same({ 1, 2 }, flat.shape)
    assert.are.same({ "nein", "ja" }, flat.class_names)
    assert.is_nil(set:with({ class_names = false }).class_names)
    assert.are.equal("dataset: 4 rows of {2} float32, with numbers",
      tostring(set:with { target = "numbers", class_names = false }))
  end)

  it("says what does not fit", function()
    local set = make(2)
    assert.matches("^with: the label 7 has no name: give class_names",
      message(function() set:with { y = digits.tensor { 0, 1, 7, 1 } } end))
    assert.are.equal("with: x has 1 rows, y has 4 labels",
      message(function() set:with { x = digits.zeros { 1, 2 } } end))
    assert.matches("^with: unknown option 'labels': use y = ...",
      message(function() set:with { labels = set.y } end))
    assert.matches("^with: class_names must be a list of strings, or false, found true",
      message(function() set:with { class_names = true } end))
  end)
end)

describe("only", function()
  it("takes class names, and labels among them", function()
    local set = data.from_tensors { x = digits.zeros { 4, 1 }, y = digits.tensor { 2, 5, 7, 5 },
      class_names = { "cat", "dog", "eel" } }
    assert.are.same({ 5, 7, 5 }, set:only({ "eel", "dog" }).y:totable())
    assert.are.same({ "cat", "eel" }, set:only({ 2, "eel" }).class_names)
    assert.are.equal("only: there is no class 'dgo', did you mean 'dog'?",
      message(function() set:only { "dgo" } end))
    assert.matches("^only: 'cat' is a name, but the classes of the set have no names",
      message(function() set:with({ class_names = false }):only { "cat" } end))
  end)
end)

describe("the target", function()
  local x = digits.zeros { 3, 2 }

  it("is what the type of y says, whatever the values", function()
    local numbers = data.from_tensors { x = x, y = digits.tensor { 100.0, 250.0, 75.0 } }
    assert.are.equal("dataset: 3 rows of {2} float32, with numbers", tostring(numbers))
    local labels = data.from_tensors { x = x, y = digits.tensor { 100, 250, 75 } }
    assert.are.same({ 75, 100, 250 }, labels.classes)
    assert.matches("^counts: the set has numbers, not labels: its y is float32",
      message(function() numbers:counts() end))
  end)

  it("can be said", function()
    local y = digits.tensor { 100.0, 100.0, 75.0 }
    assert.are.same({ 75, 100 }, data.from_tensors({ x = x, y = y, target = "labels" }).classes)
    assert.are.equal("float32", data.from_tensors({ x = x, y = digits.tensor { 1, 2, 3 },
      target = "numbers" }).y.dtype)
    assert.are.equal("from_tensors: label 1 is 1.5, expected a 32-bit integer",
      message(function()
        data.from_tensors { x = x, y = digits.tensor { 1.5, 2, 3 }, target = "labels" }
      end))
    assert.are.equal("from_tensors: target must be one of 'labels', 'numbers', found 'number', " ..
      "did you mean 'numbers'?",
      message(function() data.from_tensors { x = x, target = "number" } end))
    local path = support.write(folder .. "/y.csv", "1,151\n2,75.0\n")
    assert.are.same({ 151.0, 75.0 }, data.csv({ path, label_column = 2 }).y:totable())
    assert.are.same({ 75, 151 }, data.csv({ path, label_column = 2, target = "labels" }).classes)
    assert.are.same({ 151, 75 },
      data.open(path, { label_column = 2, target = "labels" }).y:totable())
    local sample = "vendor/mnist/t10k-"
    assert.are.equal("dataset: 1000 rows of {28, 28, 1} uint8, with numbers", tostring(data.idx {
      images = sample .. "images-idx3-ubyte.gz", labels = sample .. "labels-idx1-ubyte.gz",
      target = "numbers" }))
    assert.matches("with numbers", tostring(data.open("vendor/mnist", { target = "numbers" })))
  end)

  it("is doubted where there are nearly as many classes as rows, once", function()
    local _, err = support.run(folder, [[
      local digits = require "digits"
      local data = digits.data
      local x, y = digits.zeros { 60, 2 }, digits.range(60)
      local set = data.from_tensors { x = x, y = y }
      set:shuffle():split { 0.5, 0.5 }
      data.from_tensors { x = x, y = y, target = "labels" }
      data.from_tensors { x = x, y = y, target = "numbers" }
      data.from_tensors { x = x, y = y % 10 }
    ]])
    assert.matches("^[^\n]*from_tensors: y has 60 classes in 60 rows; if they are numeric " ..
      "targets, set target = \"numbers\"; if they are labels, set target = \"labels\"\n$", err)
  end)

  it("is doubted as well when it comes by with, or with x to fit", function()
    local _, err, status = support.run(folder, [[
      local digits = require "digits"
      local data, tree = digits.data, digits.tree
      local x, y = digits.zeros { 60, 2 }, digits.range(60)
      local set = data.from_tensors { x = x, y = y % 10 }
      set:with { y = y, target = "labels" }:with { x = x }
      set:with { y = y }
      local forest = tree.RandomForest { n_estimators = 1 }
      forest:fit(x, y % 10, { verbose = 0 })
      forest:fit(x, y * 1.0, { verbose = 0 })
      forest:fit(x, y, { verbose = 0 })
    ]])
    assert.are.equal(0, status)
    assert.matches("^[^\n]*:6: with: y has 60 classes in 60 rows; if they are numeric targets, " ..
      "set target = \"numbers\"[^\n]*\n[^\n]*:10: fit: y has 60 classes in 60 rows; if they " ..
      "are numeric targets, give them as y:astype \"float32\"\n$", err)
  end)

  it("says what is wrong with numbers, and what weights are called", function()
    local rows = digits.zeros { 2, 2 }
    assert.matches("from_tensors: number 2 is nan, expected a finite number",
      message(function() data.from_tensors { x = rows, y = digits.tensor { 0.5, 0 / 0 } } end))
    local set = data.from_tensors { x = rows, y = digits.tensor { 0, 1 } }
    assert.matches("unknown option 'sample_weight': use weights = ...",
      message(function() set:with { sample_weight = digits.ones { 2 } } end))
  end)
end)

describe("the record", function()
  local x, y = digits.zeros { 6, 4 }, digits.tensor { 0, 1, 0, 1, 0, 1 }
  local function full()
    return data.from_tensors { x = x, y = y, class_names = { "no", "yes" },
      feature_names = { "a", "b", "c", "d" }, groups = digits.tensor { 7, 7, 8, 8, 9, 9 },
      weights = digits.ones { 6 } }
  end

  it("stays whatever is made of a set", function()
    local set = full()
    local first, second = set:split { 1, 2, seed = 1 }
    local training, held_out = set:folds { 3, seed = 1 }()
    for name, made in pairs { reshape = set:reshape { 2, 2, 1 }, rows = set:rows { 3, 1 },
      take = set:take(2), shuffle = set:shuffle { seed = 1 }, only = set:only { "no", "yes" },
      one_hot = set:one_hot(), concat = data.concat { set, set }, split = first, other = second,
      training = training, held_out = held_out, with = set:with { y = set.y:copy() },
      batch = set:batches { 2 }() } do
      assert.are.same({ "no", "yes" }, made.class_names, name)
      assert.are.same({ "a", "b", "c", "d" }, made.feature_names, name)
      assert.are.equal("labels", made.target, name)
      assert.are.equal(#made, #made.weights, name)
      assert.are.equal(#made, #made.groups, name)
    end
    local same = set:reshape { 2, 2, 1 }
    assert.are.same({ 2, 2, 1 }, same.shape)
    assert.are.equal("reshape: the shape {3} does not fit the 4 values of a row",
      message(function() set:reshape { 3 } end))
    assert.are.same({ 2, 2 }, data.from_tensors({ x = x, shape = { 2, 2 } }).shape)
    assert.is_nil(data.from_tensors({ x = x }).target)
  end)

  it("parts no group", function()
    local set = full()
    assert.matches(", weighted, in groups$", tostring(set))
    for training, held_out in set:folds { 3, seed = 1 } do
      assert.are.same({ 4, 2 }, { #training, #held_out })
      assert.are.equal(held_out.groups[1], held_out.groups[2])
    end
    local parts = { set:split { 0.34, 0.66, seed = 2 } }
    assert.are.same({ 2, 4 }, { #parts[1], #parts[2] })
    assert.are.equal(parts[1].groups[1], parts[1].groups[2])
    assert.matches("^split: the counts sum to 6, the set has 3 groups",
      message(function() set:split { 2, 4 } end))
  end)

  it("parts no group when stratified, nor when told to keep them together", function()
    local set = full():with { y = digits.tensor { 0, 1, 1, 0, 0, 1 } }
    for training, held_out in set:folds { 3, seed = 1, stratify = true, groups = true } do
      assert.are.same({ 2, 2 }, { training:counts()[0], training:counts()[1] })
      assert.are.equal(held_out.groups[1], held_out.groups[2])
    end
    local third = set:split { 1 / 3, 2 / 3, seed = 2, stratify = true }
    assert.are.same({ 1, 1 }, { third:counts()[0], third:counts()[1] })
    assert.matches("^split: stratify = true takes fractions of a set with groups",
      message(function() set:split { 1, 2, stratify = true } end))
  end)

  it("is cut by rows if asked, and only if there are groups by these", function()
    local set = full()
    local first, second = set:split { 1, 5, seed = 1, groups = false }
    assert.are.same({ 1, 5 }, { #first, #second })
    assert.are.equal(5, #second.groups)
    local count = 0
    for _, held_out in set:folds { 6, seed = 1, groups = false } do count = count + #held_out end
    assert.are.equal(6, count)
    local bare = set:with { groups = false }
    assert.matches("^split: groups = true, but the set has no groups: give it some",
      message(function() bare:split { 0.5, 0.5, groups = true } end))
    assert.matches("^folds: groups = true, but the set has no groups",
      message(function() bare:folds { 2, groups = true }() end))
    assert.matches("^split: groups must be true or false or nil, found 'writers'",
      message(function() set:split { 0.5, 0.5, groups = "writers" } end))
  end)

  it("is refused where it does not fit", function()
    assert.are.equal("from_tensors: groups has the shape {2}, expected {6}, one group per row",
      message(function() data.from_tensors { x = x, groups = digits.tensor { 1, 2 } } end))
    assert.matches("^from_tensors: groups is float32, expected integers",
      message(function() data.from_tensors { x = x, groups = digits.ones { 6 } } end))
    assert.are.equal("from_tensors: 1 feature_names were given, a row has 4 values",
      message(function() data.from_tensors { x = x, feature_names = { "a" } } end))
    assert.matches("^with: a row of x has 3 values, the set has 4 feature names: give",
      message(function() full():with { x = digits.zeros { 6, 3 } } end))
    assert.is_nil(full():with({ x = digits.zeros { 6, 3 }, feature_names = false }).feature_names)
    assert.matches("^concat: feature 1 is named 'a' in one set and 'z' in another",
      message(function()
        data.concat { full(), full():with { feature_names = { "z", "b", "c", "d" } } }
      end))
  end)
end)

describe("csv", function()
  it("asks what a line of names and values is", function()
    local path = support.write(folder .. "/h.csv", "label,0,1\n3,4,5\n")
    assert.matches("h.csv:1: is this line a header%? column 1, 'label', looks like a name, but " ..
      "column 2, '0', like a value: say header = true or header = false",
      message(function() data.csv { path, label_column = 1 } end))
    assert.are.same({ 3 }, data.open(path, { header = true }).classes)
    assert.matches("looks like a name", message(function() data.open(path) end))
    support.write(path, "NA,1\n2,3\n")
    assert.matches("column 1: 'NA' is not a number",
      message(function() data.csv { path, label_column = 1 } end))
  end)

  it("has bounds that can be raised", function()
    local path = support.write(folder .. "/long.csv", ("1,"):rep(1000) .. "1\n")
    assert.matches("a line of more than 500 bytes.*max_line = 2000 allows longer ones",
      message(function() data.csv { path, max_line = 500 } end))
    assert.are.same({ 1001 }, data.csv({ path, max_line = 2001 }).shape)
    local images = "vendor/mnist/t10k-images-idx3-ubyte.gz"
    assert.matches("unpacks to 784016, expected at most 1000 %(max_bytes = 784016 allows it%)",
      message(function() data.idx { images = images, max_bytes = 1000 } end))
    assert.are.equal(1000, #data.idx { images = images, max_bytes = 784016 })
  end)
end)
