-- Sets that data.open knows by name, from small files of their layout, and MNIST's writers.
local digits = require "digits"
local data = digits.data
local support = dofile "tests/lua/support.lua"
local message = support.message

local folder, count = nil, 0

setup(function() folder = support.folder() end)
teardown(function() support.remove(folder) end)

-- An IDX file: its type, its axes, and its values, packed with `pack`.
local function idx(kind, axes, values, pack)
  local parts = { ("\0\0" .. string.char(kind, #axes)) }
  for _, size in ipairs(axes) do parts[#parts + 1] = (">I4"):pack(size) end
  for _, value in ipairs(values) do parts[#parts + 1] = pack:pack(value) end
  return table.concat(parts)
end

local function labels(list) return idx(8, { #list }, list, "B") end

-- n images of 3 × 3; the values of image i are 9 (i - 1) and so on.
local function images(n, from)
  local values = {}
  for i = 1, 9 * n do values[i] = from + i - 1 end
  return idx(8, { n, 3, 3 }, values, "B")
end

-- A new folder with these files.
local function make(files)
  count = count + 1
  local path = folder .. "/" .. count
  assert(os.execute("mkdir '" .. path .. "'"))
  for name, bytes in pairs(files) do support.write(path .. "/" .. name, bytes) end
  return path
end

local function like_mnist(train, test)
  return { ["train-images-idx3-ubyte"] = images(#train, 0),
    ["train-labels-idx1-ubyte"] = labels(train), ["t10k-images-idx3-ubyte"] = images(#test, 100),
    ["t10k-labels-idx1-ubyte"] = labels(test) }
end

local function emnist(kind, train, test)
  local start = "emnist-" .. kind
  return { [start .. "-train-images-idx3-ubyte"] = images(#train, 0),
    [start .. "-train-labels-idx1-ubyte"] = labels(train),
    [start .. "-test-images-idx3-ubyte"] = images(#test, 100),
    [start .. "-test-labels-idx1-ubyte"] = labels(test) }
end

-- Rows of digit, writer: QMNIST's eight columns.
local function extended(rows, columns)
  local values = {}
  for _, row in ipairs(rows) do
    local all = { row[1], 4, row[2], 17, 30 + row[1], 281769, 0, 0 }
    for i = 1, columns or 8 do values[#values + 1] = all[i] end
  end
  return idx(12, { #rows, columns or 8 }, values, ">i4")
end

local function qmnist(train, test, columns)
  return { ["qmnist-train-images-idx3-ubyte"] = images(#train, 0),
    ["qmnist-train-labels-idx2-int"] = extended(train, columns),
    ["qmnist-test-images-idx3-ubyte"] = images(#test, 100),
    ["qmnist-test-labels-idx2-int"] = extended(test, columns) }
end

describe("data.open", function()
  it("reads Fashion-MNIST and KMNIST with the names of their classes", function()
    local place = make(like_mnist({ 9, 0, 7 }, { 1 }))
    local set = data.open("fashion-mnist", { folder = place })
    assert.are.same({ "T-shirt/top", "Trouser", "Sneaker", "Ankle boot" }, set.class_names)
    assert.are.same({ 9, 0, 7, 1 }, set.y:totable())
    assert.are.same({ 3, 3, 1 }, set.shape)
    assert.are.equal(100, set.x[4][1][1][1])
    set = data.open("kmnist", { folder = place, part = "train", shape = { 9 } })
    assert.are.same({ "o", "ya", "wo" }, set.class_names)
    assert.are.same({ 9 }, set.shape)
    assert.are.equal(1, #data.open("kmnist", { folder = place, part = "test" }))
  end)

  it("turns EMNIST's images upright, and names its letters from 1 on", function()
    local set = data.open("emnist-letters", { folder = make(emnist("letters", { 1, 26 }, { 2 })) })
    assert.are.same({ 1, 2, 26 }, set.classes)
    assert.are.same({ "A", "B", "Z" }, set.class_names)
    assert.are.same({ { 0, 3, 6 }, { 1, 4, 7 }, { 2, 5, 8 } },
      set.x[1]:reshape({ 3, 3 }):totable())
    assert.are.equal(103, set.x[3][1][2][1])
    set = data.open("emnist-balanced",
      { folder = make(emnist("balanced", { 0, 10, 35, 36, 46 }, { 45 })) })
    assert.are.same({ "0", "A", "Z", "a", "r", "t" }, set.class_names)
  end)

  it("reads gzipped files, and QMNIST's writers if asked", function()
    local place = make(qmnist({ { 5, 2154 }, { 0, 0 } }, { { 7, 2578 } }))
    assert(os.execute("gzip '" .. place .. "'/qmnist-t*"))
    local set = data.open("qmnist", { folder = place, groups = "writers" })
    assert.are.same({ 5, 0, 7 }, set.y:totable())
    assert.are.same({ 2154, 0, 2578 }, set.groups:totable())
    assert.is_nil(data.open("qmnist", { folder = place }).groups)
    local numbers = data.open("qmnist", { folder = place, target = "numbers" })
    assert.are.same({ "numbers", 5.0 }, { numbers.target, numbers.y[1] })
  end)

  it("looks into the cache", function()
    local place = make {}
    local there = place .. "/digits-lua/emnist"
    assert(os.execute(("mkdir -p '%s'"):format(there)))
    for name, bytes in pairs(emnist("letters", { 3 }, { 4 })) do
      support.write(there .. "/" .. name, bytes)
    end
    local out, err = support.run(folder,
      "print(require('digits').data.open('emnist-letters').class_names[2])", "",
      ("XDG_CACHE_HOME='%s'"):format(place))
    assert.are.same({ "D\n", "" }, { out, err })
  end)

  it("says where to get what is absent", function()
    local _, err, code = support.run(folder, "require('digits').data.open 'kmnist'", "",
      ("XDG_CACHE_HOME='%s/none' HOME='%s'"):format(folder, folder))
    assert.are.equal(1, code)
    assert.matches("open: cannot find kmnist: get its files %(train%-images%-idx3%-ubyte, .-%) " ..
      "from http://codh.rois.ac.jp/kmnist, and put them into .-/none/digits%-lua/kmnist, or say " ..
      "where they are: data.open%(\"kmnist\", { folder = ... }%)", err)
    assert.matches("^open: the folder '.-' does not contain emnist%-letters: expected " ..
      "emnist%-letters%-train%-images%-idx3%-ubyte, or ",
      message(function() data.open("emnist-letters", { folder = folder }) end))
    assert.matches("did you mean 'fashion%-mnist'%?: expected \"mnist\", \"emnist%-balanced\", ",
      message(function() data.open("fashion_mnist") end))
  end)

  it("refuses files that are not the set's", function()
    local function refused(text, name, files, options)
      options = options or {}
      options.folder = make(files)
      assert.matches(text, message(function() data.open(name, options) end))
    end
    refused("^open: emnist%-letters has the label 0, expected 1 to 26", "emnist-letters",
      emnist("letters", { 0 }, { 1 }))
    refused("^open: fashion%-mnist has the label 10, expected 0 to 9", "fashion-mnist",
      like_mnist({ 10 }, { 1 }))
    refused("qmnist%-train%-labels%-idx2%-int: has values of shape {1, 2}, expected {rows, 3} or",
      "qmnist", qmnist({ { 1, 2 } }, { { 1, 2 } }, 2))
    local files = qmnist({ { 1, 2 } }, { { 1, 2 }, { 3, 4 } })
    files["qmnist-test-labels-idx2-int"] = files["qmnist-test-labels-idx2-int"]:sub(1, -2)
    refused("qmnist%-test%-labels%-idx2%-int: is truncated: .-found 75", "qmnist", files)
    files["qmnist-test-labels-idx2-int"] = extended { { 1, 2 } }
    refused("x has 2 rows, y has 1 labels", "qmnist", files)
    files["qmnist-test-labels-idx2-int"] = "\0\0\14\2 and so on"
    refused("begins with the bytes 00 00 0E 02, expected 00 00, 08, 0C or 0D", "qmnist", files)
    files = like_mnist({ 1 }, { 1 })
    files["train-images-idx3-ubyte"] = idx(8, { 1, 2, 4 }, { 1, 2, 3, 4, 5, 6, 7, 8 }, "B")
    refused("has images of shape {2, 4, 1}, expected square ones, as those of kmnist", "kmnist",
      files)
    refused("^open: it is not known who wrote kmnist", "kmnist", {}, { groups = "writers" })
    refused("^open: unknown option 'prat', did you mean 'part'", "mnist", {}, { prat = "train" })
    refused("^open: part must be one of 'train', 'test', found 'all'", "qmnist", {},
      { part = "all" })
  end)

  it("finds Debian's Fashion-MNIST by itself", function()
    if not io.open "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz" then
      return pending "dataset-fashion-mnist is not installed"
    end
    local set = data.open "fashion-mnist"
    assert.are.equal(7000, set:counts()[9])
    assert.are.same({ "Ankle boot", 9 }, { set.class_names[10], set.y[1] })
  end)
end)

describe("the writers of MNIST", function()
  local SAMPLE = "vendor/mnist"

  it("are its groups if asked", function()
    local all = data.open("mnist", { folder = SAMPLE, groups = "writers" })
    assert.are.same({ 2154, 0, 2232, 0 }, all.groups[{ { 1, 4 } }]:totable())
    assert.are.same({ 2578, 2359 }, all.groups[{ { 6001, 6002 } }]:totable())
    local train = data.open("mnist", { folder = SAMPLE, groups = "writers", part = "train" })
    local test = data.open("mnist", { folder = SAMPLE, groups = "writers", part = "test" })
    assert.is_true(data.concat { train, test }.groups == all.groups)
    local seen = {}
    for _, writer in ipairs(train.groups:totable()) do seen[writer] = true end
    for _, writer in ipairs(test.groups:totable()) do assert.is_nil(seen[writer]) end
    assert.is_nil(data.open("mnist", { folder = SAMPLE }).groups)
    assert.are.equal("numbers",
      data.open("mnist", { folder = SAMPLE, groups = "writers", target = "numbers" }).target)
  end)

  it("are in one part of a split only, which is stratified as well", function()
    local all = data.open("mnist", { folder = SAMPLE, groups = "writers" })
    local train, test = all:split { 0.8, 0.2, seed = 1, stratify = true, groups = true }
    local seen = {}
    for _, writer in ipairs(train.groups:totable()) do seen[writer] = true end
    for _, writer in ipairs(test.groups:totable()) do assert.is_nil(seen[writer]) end
    for label, rows in pairs(all:counts()) do
      assert.is_true(math.abs(test:counts()[label] / rows - 0.2) < 0.01)
    end
  end)

  it("are not guessed for rows in another order", function()
    local swapped = {}
    for ours, theirs in pairs { ["train-images-idx3"] = "t10k-images-idx3",
      ["train-labels-idx1"] = "t10k-labels-idx1", ["t10k-images-idx3"] = "train-images-idx3",
      ["t10k-labels-idx1"] = "train-labels-idx1" } do
      swapped[ours .. "-ubyte.gz"] = support.read(SAMPLE .. "/" .. theirs .. "-ubyte.gz")
    end
    assert.matches("^mnist: the rows are not MNIST's in their usual order %(the labels differ%)",
      message(function() data.open("mnist", { folder = make(swapped), groups = "writers" }) end))
    assert.matches("^mnist: groups must be .*'writers'",
      message(function() data.mnist { groups = true } end))
  end)
end)
