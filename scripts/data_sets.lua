-- Sets of images that data.open knows by name, in their own files: IDX, gzipped or not.
local core = require "digits.core"
local files = require "digits.data_files"
local internals, data = core.internals, core.data

local MNIST = {
  train = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte" },
  test = { "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" },
}

-- "emnist-letters-train-images-idx3-ubyte" ...
local function prefixed(prefix, labels)
  local found = {}
  for _, part in ipairs { "train", "test" } do
    local start = prefix .. "-" .. part
    found[part] = { start .. "-images-idx3-ubyte", start .. "-labels-" .. (labels or "idx1-ubyte") }
  end
  return found
end

-- The names of the labels from `first` on: the words of a text, or its letters.
local function names(first, text, pattern)
  local by_label, label = {}, first
  for name in text:gmatch(pattern or "%w") do
    by_label[label], label = name:gsub("_", " "), label + 1
  end
  by_label.range = ("%d to %d"):format(first, label - 1)
  return by_label
end

local CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
local NIST = "gzip.zip of https://www.nist.gov/itl/products-and-services/emnist-dataset"

-- Each has `names` of its classes; `where` it can be had; `files`, if their names are not MNIST's;
-- `folder`, where it lies if not in one of its name; `turned`, if rows and columns of the images
-- are exchanged; `columns` of label and writer, if the file of labels has several.
local SETS = {
  ["fashion-mnist"] = {
    names = names(0, "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag " ..
      "Ankle_boot", "%S+"),
    where = "`apt install dataset-fashion-mnist` or " ..
      "https://github.com/zalandoresearch/fashion-mnist",
  },
  kmnist = {
    names = names(0, "o ki su tsu na ha ma ya re wo", "%S+"),
    where = "http://codh.rois.ac.jp/kmnist",
  },
  ["emnist-letters"] = {
    names = names(1, CAPITALS), files = prefixed "emnist-letters", folder = "emnist",
    turned = true, where = NIST,
  },
  ["emnist-balanced"] = {
    names = names(0, "0123456789" .. CAPITALS .. "abdefghnqrt"), folder = "emnist",
    files = prefixed "emnist-balanced", turned = true, where = NIST,
  },
  qmnist = {
    names = names(0, "0123456789"), files = prefixed("qmnist", "idx2-int"),
    columns = { label = 1, writer = 3 }, where = "https://github.com/facebookresearch/qmnist",
  },
}

-- ---- where the files are ----

-- The folders where a set may lie, in the order in which they are looked at.
local function places(name, set)
  local home, list = os.getenv "HOME", {}
  for _, folder in ipairs { name, set.folder } do
    list[#list + 1] = files.cache(folder)
    list[#list + 1] = "/usr/share/datasets/" .. folder -- Debian's packages
    if home then list[#list + 1] = home .. "/.keras/datasets/" .. folder end
  end
  return list
end

-- Returns the paths of images and labels of the parts in a folder, or nil and the name of a file
-- that is missing.
local function find_parts(folder, set, parts)
  local found = {}
  for i, part in ipairs(parts) do
    found[i] = {}
    for k, file in ipairs((set.files or MNIST)[part]) do
      found[i][k] = files.find(folder, file)
      if not found[i][k] then return nil, file end
    end
  end
  return found
end

local function find_set(name, set, parts, folder)
  if folder then
    local found, missing = find_parts(folder, set, parts)
    if found then return found end
    internals.raise(("open: the folder '%s' does not contain %s: expected %s, or %s.gz"):format(
      folder, name, missing, missing))
  end
  local looked = places(name, set)
  for _, place in ipairs(looked) do
    local found = find_parts(place, set, parts)
    if found then return found end
  end
  internals.raise(("open: cannot find %s: get its files (%s ...) from %s, and put them into %s, " ..
    "or say where they are: data.open(\"%s\", { folder = ... })"):format(name,
      table.concat((set.files or MNIST).train, ", "), set.where, looked[1], name))
end

-- ---- reading ----

-- Labels and writers from a file with a row of columns for each image.
local function read_columns(path, columns, writers)
  local all = internals.idx_values(path)
  if #all.shape ~= 2 or all.shape[2] < columns.writer then
    internals.raise(("open: %s: has values of shape %s, expected {rows, %d} or more columns")
      :format(path, tostring(all.shape), columns.writer))
  end
  return { y = all[{ {}, columns.label }], groups = writers and all[{ {}, columns.writer }] or nil }
end

-- The images and labels of a part, in the files' order.
local function read_part(name, set, paths, writers)
  local part = data.idx { images = paths[1], labels = not set.columns and paths[2] or nil }
  local shape = part.shape
  if #shape ~= 3 or shape[1] ~= shape[2] then
    internals.raise(("open: %s: has images of shape %s, expected square ones, as those of %s")
      :format(paths[1], tostring(shape), name))
  end
  if set.columns then part = part:with(read_columns(paths[2], set.columns, writers)) end
  return set.turned and part:with { x = part.x:transpose { 1, 3, 2, 4 } } or part
end

-- The set with the names of the classes found in it.
local function named(name, set, read)
  local list = {}
  for i, label in ipairs(read.classes) do
    list[i] = set.names[label] or internals.raise(("open: %s has the label %d, expected %s"):format(
      name, label, set.names.range))
  end
  return read:with { class_names = list }
end

-- Opens the set of that name, or returns nil if there is none. Options: part, folder, groups.
local function open(name, options)
  local set = SETS[name]
  if not set then return nil end
  if options.groups and not set.columns then
    internals.raise(("open: it is not known who wrote %s: leave out groups"):format(name))
  end
  local parts = options.part and { options.part } or { "train", "test" }
  local read = {}
  for i, paths in ipairs(find_set(name, set, parts, options.folder)) do
    read[i] = read_part(name, set, paths, options.groups)
  end
  return named(name, set, #read == 1 and read[1] or data.concat(read))
end

local known = {}
for name in pairs(SETS) do known[#known + 1] = name end
table.sort(known)

return { open = open, names = known, MNIST = MNIST }
