-- Datasets from Lua: files, tensors, and what is made of them.
local digits = require "digits"
local data = digits.data
local support = dofile "tests/lua/support.lua"
local message = support.message

local SAMPLE = "vendor/mnist"
local folder

setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

-- n rows {row, 10 * row} with labels 0, 1, 2, 0, 1, 2 ...
local function make(n)
  local x, y = {}, {}
  for i = 1, n do x[i], y[i] = { i, 10 * i }, (i - 1) % 3 end
  return data.from_tensors { x = digits.tensor(x):astype "float32", y = digits.tensor(y) }
end

local function firsts(set)
  return set.x[{ {}, 1 }]:totable()
end

describe("from_tensors", function()
  it("joins rows and labels", function()
    local set = make(9)
    assert.are.equal(9, #set)
    assert.are.same({ 2 }, set.shape)
    assert.are.same({ 0, 1, 2 }, set.classes)
    assert.are.same({ [0] = 3, [1] = 3, [2] = 3 }, set:counts())
    assert.are.equal("dataset: 9 rows of {2} float32, 3 classes", tostring(set))
    assert.are.equal("{0, 1, 2}", tostring(set.classes))
    assert.are.equal("{[0] = 3, [1] = 3, [2] = 3}", tostring(set:counts()))
    assert.is_nil(set.class_names)
  end)

  it("takes names, and rows without labels", function()
    local set = data.from_tensors { x = digits.zeros { 2, 3 },
      y = digits.tensor { 0, 1 }, class_names = { "no", "yes" } }
    assert.are.same({ "no", "yes" }, set.class_names)
    local bare = data.from_tensors { x = digits.zeros { 2, 3 } }
    assert.are.equal("dataset: 1 row of {3} float32, 1 class",
      tostring(data.from_tensors { x = digits.zeros { 1, 3 }, y = digits.tensor { 4 } }))
    assert.is_nil(bare.y)
    assert.are.equal("dataset: 2 rows of {3} float32, without labels", tostring(bare))
  end)

  it("refuses what does not fit", function()
    assert.matches("^from_tensors: .*3.*2", message(function()
      data.from_tensors { x = digits.zeros { 3, 2 }, y = digits.zeros { 2, dtype = "int32" } }
    end))
    assert.are.equal("from_tensors: x must be a tensor, found 5",
      message(function() data.from_tensors { x = 5 } end))
    assert.are.equal("from_tensors: unknown option 'z', its options are x, y, target, shape, " ..
      "class_names, feature_names, weights, groups",
      message(function() data.from_tensors { x = digits.zeros { 1, 1 }, z = 1 } end))
  end)
end)

describe("a dataset", function()
  it("splits by fractions and counts, with exact totals", function()
    local a, b, c = make(30):split { 0.5, 0.3, 0.2, seed = 1, stratify = true }
    assert.are.same({ 15, 9, 6 }, { #a, #b, #c })
    assert.are.same({ [0] = 5, [1] = 5, [2] = 5 }, a:counts())
    local d, e = make(30):split { 29, 1, seed = 1 }
    assert.are.same({ 29, 1 }, { #d, #e })
    assert.are.equal(a.x, (make(30):split { 0.5, 0.3, 0.2, seed = 1, stratify = true }).x)
    assert.are.equal("split: the fractions sum to 0.9, expected 1",
      message(function() make(30):split { 0.5, 0.4 } end))
    assert.matches("unknown option 'random_state': use seed",
      message(function() make(30):split { 0.5, 0.5, random_state = 1 } end))
  end)

  it("makes folds that hold each row out once", function()
    local seen, pairs_seen = {}, 0
    for training, held_out in make(10):folds { 3, seed = 1 } do
      pairs_seen = pairs_seen + 1
      assert.are.equal(10, #training + #held_out)
      for _, value in ipairs(firsts(held_out)) do seen[value] = (seen[value] or 0) + 1 end
    end
    assert.are.equal(3, pairs_seen)
    for i = 1, 10 do assert.are.equal(1, seen[i]) end
    assert.matches("^folds: k must be a whole number from 2 to 10, the number of rows, found 11",
      message(function() make(10):folds { 11 } end))
  end)

  it("picks rows and labels", function()
    local set = make(9)
    assert.are.same({ 5, 1, 9 }, firsts(set:rows { 5, 1, -1 }))
    assert.are.same({ 2, 1 }, firsts(set:rows(digits.tensor { 2, 1 })))
    assert.are.same({ 1, 2, 3 }, firsts(set:take(3)))
    local two = set:only { 2, 0 }
    assert.are.same({ 0, 2 }, two.classes)
    assert.are.same({ 1, 3, 4, 6, 7, 9 }, firsts(two))
    assert.are.equal("rows: row 10 is out of range 1 to 9",
      message(function() set:rows { 10 } end))
    assert.matches("^only: 7 is not one of", message(function() set:only { 7 } end))
    assert.are.equal("take: n must be from 0 to 9, the number of rows, found 10",
      message(function() set:take(10) end))
  end)

  it("shuffles by its seed", function()
    local set = make(50)
    local one, other = firsts(set:shuffle { seed = 1 }), firsts(set:shuffle { seed = 2 })
    assert.are.same(one, firsts(set:shuffle { seed = 1 }))
    assert.are_not.same(one, other)
    table.sort(one)
    assert.are.same(firsts(set), one)
  end)

  it("gives batches that cover all rows", function()
    local sizes, seen = {}, {}
    for batch in make(10):batches { 4, shuffle = true, seed = 3 } do
      sizes[#sizes + 1] = #batch
      for _, value in ipairs(firsts(batch)) do seen[#seen + 1] = value end
    end
    assert.are.same({ 4, 4, 2 }, sizes)
    assert.are_not.same(firsts(make(10)), seen)
    table.sort(seen)
    assert.are.same(firsts(make(10)), seen)
    assert.matches("unknown option 'batch_size': use size",
      message(function() make(10):batches { batch_size = 5 } end))
  end)

  it("turns labels into one-hot rows and back", function()
    local hot = make(3):one_hot()
    assert.are.same({ { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } }, hot.y:totable())
    assert.are.same({ 0, 1, 2 }, hot.labels:totable())
    assert.are.same({ 8, 4 }, data.labels(digits.tensor { { 0.1, 0.9 }, { 0.6, 0.4 } },
      { 4, 8 }):totable())
    assert.matches("^labels: there are 2 columns of probabilities, but 3 classes",
      message(function() data.labels(digits.zeros { 1, 2 }, { 1, 2, 3 }) end))
  end)

  it("joins others", function()
    local both = data.concat { make(3), make(2) }
    assert.are.same({ 1, 2, 3, 1, 2 }, firsts(both))
    assert.are.equal("concat: each value must be a dataset, found 5",
      message(function() data.concat { make(3), 5 } end))
  end)

  it("never changes, and knows its names", function()
    local set = make(3)
    assert.matches("never changes", message(function() set.x = 1 end))
    assert.are.equal("a dataset has no field 'spilt', did you mean 'split'?",
      message(function() return set.spilt end))
  end)
end)

describe("csv", function()
  it("reads labels from a column or a file", function()
    local path = support.write(folder .. "/a.csv", "7,1,2\n8,3,4\n")
    local set = data.csv { path, label_column = 1 }
    assert.are.same({ { 1, 2 }, { 3, 4 } }, set.x:totable())
    assert.are.same({ 7, 8 }, set.y:totable())
    assert.are.equal("uint8", set.x.dtype)
    local labels = support.write(folder .. "/l.csv", "5\n6\n")
    local pair = data.csv { images = path, labels = labels, shape = { 1, 3, 1 },
      class_names = { "cat", "dog" }, groups = digits.tensor { 1, 2 } }
    assert.are.same({ 2, 1, 3, 1 }, pair.x.shape)
    assert.are.same({ 6 }, pair:only({ "dog" }).classes)
    assert.are.equal(2, pair.groups[2])
    assert.are.same({ 5, 6 }, pair.classes)
    assert.are.equal("float32", data.csv({ path, dtype = "float32" }).x.dtype)
    assert.are.equal(1, #data.csv { path, header = true })
  end)

  it("says what is wrong, and where", function()
    local path = support.write(folder .. "/bad.csv", "1,2\n3\n")
    assert.matches("bad.csv:2: 1 value, expected 2", message(function() data.csv(path) end))
    assert.matches("No such file", message(function() data.csv "nowhere.csv" end))
    assert.are.equal("csv: images is required (the path of a file)",
      message(function() data.csv {} end))
    assert.are.equal("csv: header must be true, false or 'auto', found 1",
      message(function() data.csv { path, header = 1 } end))
    assert.are.equal("csv: labels come from a file or from label_column = 1, not both",
      message(function() data.csv { path, labels = path, label_column = 1 } end))
  end)
end)

describe("idx", function()
  it("reads the sample", function()
    local set = data.idx { images = SAMPLE .. "/t10k-images-idx3-ubyte.gz",
      labels = SAMPLE .. "/t10k-labels-idx1-ubyte.gz" }
    assert.are.equal("dataset: 1000 rows of {28, 28, 1} uint8, 10 classes", tostring(set))
    assert.are.equal(7, set.y[1])
  end)

  it("takes what belongs to any set", function()
    local set = data.idx { images = SAMPLE .. "/t10k-images-idx3-ubyte.gz",
      labels = SAMPLE .. "/t10k-labels-idx1-ubyte.gz", shape = { 784 },
      class_names = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
        "nine" } }
    assert.are.same({ 784 }, set.shape)
    assert.are.equal("nine", set.class_names[10])
    assert.are.equal("idx: the shape {28, 29} does not fit the 784 values of a row",
      message(function()
        data.idx { images = SAMPLE .. "/t10k-images-idx3-ubyte.gz", shape = { 28, 29 } }
      end))
    local help, known = require("digits.help").text(data.idx), {}
    for _, param in ipairs(digits.reference()["data.idx"].params) do known[param.name] = param end
    for _, name in ipairs { "images", "max_bytes", "shape", "groups", "class_names", "target" } do
      assert.matches("\n  " .. name .. ": ", help)
      assert.is_truthy(known[name].doc)
    end
  end)

  it("refuses other files", function()
    assert.matches("Makefile", message(function() data.idx "Makefile" end))
  end)
end)

describe("npy", function()
  local GOLDEN = "tests/golden/npy/"

  it("reads arrays of NumPy, and what belongs to any set", function()
    local set = data.npy { x = GOLDEN .. "u1.npy", y = GOLDEN .. "labels.npy", shape = { 12 },
      class_names = { "minus two", "seven" } }
    assert.are.equal("dataset: 2 rows of {12} uint8, 2 classes", tostring(set))
    assert.are.same({ -2, 7 }, set.classes)
    assert.are.equal(23, set.x[2][12])
    assert.are.same({ 3, 4 }, data.npy(GOLDEN .. "f8.npy").shape)
    assert.are.equal("npy: unknown option 'labels', its options are x, y, max_bytes, target, " ..
      "shape, class_names, feature_names, weights, groups",
      message(function() data.npy { x = GOLDEN .. "u1.npy", labels = "y.npy" } end))
    assert.matches("version1.npy: y has the shape {2, 3, 4}, expected {rows}", message(function()
      data.npy { x = GOLDEN .. "u1.npy", y = GOLDEN .. "version1.npy" }
    end))
  end)

  it("is opened by its first bytes or its name, with the labels beside it", function()
    assert.are.equal("dataset: 2 rows of {3, 4} float32, without labels",
      tostring(data.open(GOLDEN .. "fortran_f4.npy")))
    for from, to in pairs { ["u1.npy"] = "x_train.npy", ["labels.npy"] = "y_train.npy" } do
      local file <close> = assert(io.open(GOLDEN .. from, "rb"))
      support.write(folder .. "/" .. to, file:read "a")
    end
    assert.are.same({ 7, -2 }, data.open(folder .. "/x_train.npy").y:totable())
  end)
end)

describe("open", function()
  it("takes a folder, train before test", function()
    local all = data.open(SAMPLE)
    assert.are.equal(7000, #all)
    assert.are.equal(5, all.y[1])
    assert.are.equal(7, all.y[6001])
  end)

  it("takes IDX images with the labels beside them", function()
    assert.are.equal(85, data.open(SAMPLE .. "/t10k-images-idx3-ubyte.gz"):counts()[0])
  end)

  it("takes a pair of CSV files, and one whose first column is the label", function()
    support.write(folder .. "/my_images.csv", "1,2\n3,4\n")
    support.write(folder .. "/my_labels.csv", "8\n9\n")
    assert.are.same({ 8, 9 }, data.open(folder .. "/my_images.csv").classes)
    local row = ("0,"):rep(783) .. "0\n"
    local pictures = data.open(support.write(folder .. "/train.csv", "3," .. row .. "4," .. row))
    assert.are.same({ 28, 28, 1 }, pictures.shape)
    assert.are.same({ 3, 4 }, pictures.classes)
  end)

  it("says what it expects", function()
    assert.matches("'nowhere' does not exist: expected \"mnist\"",
      message(function() data.open "nowhere" end))
    assert.matches("the folder 'tests' does not contain a dataset",
      message(function() data.open "tests" end))
    support.write(folder .. "/lonely_images.csv", "1,2\n")
    assert.matches("cannot find the labels of", message(function()
      data.open(folder .. "/lonely_images.csv")
    end))
  end)
end)

describe("mnist", function()
  it("falls back to the sample, and says so in one line", function()
    local out, err, code = support.run(folder, [[
      local data = require("digits").data
      print(data.mnist(), #data.mnist { part = "test" }, #data.open "mnist")
    ]], "", ("env -u DIGITS_DATA XDG_CACHE_HOME='%s/none'"):format(folder))
    assert.are.equal("dataset: 7000 rows of {28, 28, 1} uint8, 10 classes\t1000\t7000\n", out)
    assert.matches("^[^\n]*sample[^\n]*make data[^\n]*\n$", err)
    assert.are.equal(0, code)
  end)

  it("looks where DIGITS_DATA says", function()
    local here = assert(io.popen "pwd"):read "l"
    local out, err = support.run(folder,
      [[local mnist = require("digits").data.mnist
        print(#mnist { part = "train" }, mnist { part = "test", target = "numbers" })]], "",
      ("DIGITS_DATA='%s/%s'"):format(here, SAMPLE))
    assert.are.same({ "6000\tdataset: 1000 rows of {28, 28, 1} uint8, with numbers\n", "" },
      { out, err })
  end)

  it("refuses other options", function()
    assert.are.equal("mnist: unknown option 'parts', did you mean 'part'?",
      message(function() data.mnist { parts = "test" } end))
    assert.are.equal("mnist: target must be one of 'labels', 'numbers', found 7",
      message(function() data.mnist { target = 7 } end))
    assert.are.equal("mnist: part must be one of 'train', 'test', found 7",
      message(function() data.mnist { part = 7 } end))
  end)
end)
