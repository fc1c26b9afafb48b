-- data.open and data.mnist: datasets found by name.
local core = require "digits.core"
local internals, data = core.internals, core.data
local define, kind_of = internals.define, internals.kind_of
local files, named = require "digits.data_files", require "digits.data_sets"
local find, IDX = files.find, named.MNIST

local CSV = { "handwritten_digits_images.csv", "handwritten_digits_labels.csv" }
local LABELLED = { train = "mnist_train.csv", test = "mnist_test.csv" }
local TRAIN_ROWS, ALL_ROWS = 60000, 70000 -- of all MNIST in one file

-- Reshapes rows of 784 values to images of 28 × 28, unless a shape was given.
local function as_pictures(set, options)
  local given = options and options.shape
  local flat = #set.shape == 1 and set.shape[1] == 784
  return flat and not given and set:reshape { 28, 28, 1 } or set
end

-- Adds the user's options to those of a reader; the user's win.
local function join(options, given)
  for name, value in pairs(given or {}) do options[name] = value end
  return options
end

-- ---- folders ----

local function cut_part(set, part, path)
  if not part then return set end
  if #set ~= ALL_ROWS then
    internals.raise(("mnist: cannot take a part of %s: expected %d rows, found %d"):format(
      path, ALL_ROWS, #set))
  end
  if part == "train" then return set:take(TRAIN_ROWS) end
  return set:rows(core.range { TRAIN_ROWS + 1, ALL_ROWS + 1 })
end

-- Returns the reader of one part ("train" or "test") of a folder and its options, or nil.
local function find_part(folder, part)
  local images, labels = find(folder, IDX[part][1]), find(folder, IDX[part][2])
  if images and labels then return { data.idx, { images = images, labels = labels } } end
  local path = find(folder, LABELLED[part])
  return path and { data.csv, { path, label_column = 1 } }
end

-- Returns the dataset in a folder, or nil: one part, or both concatenated.
local function read_folder(folder, part, options)
  local names, sets = part and { part } or { "train", "test" }, {}
  for _, name in ipairs(names) do sets[#sets + 1] = find_part(folder, name) end
  if #sets == #names then
    for i, found in ipairs(sets) do
      sets[i] = as_pictures(found[1](join(found[2], options)), options)
    end
    return #sets == 1 and sets[1] or data.concat(sets)
  end
  local images, labels = find(folder, CSV[1]), find(folder, CSV[2])
  if not (images and labels) then return nil end
  local whole = data.csv(join({ images = images, labels = labels }, options))
  return cut_part(as_pictures(whole, options), part, images)
end

-- ---- MNIST ----

local warned = false -- that this is only the sample

local function read_sample(part, options)
  for _, folder in ipairs(files.own "mnist") do
    local set = read_folder(folder, part, options)
    if set then
      if not warned then
        io.stderr:write("digits-lua: using the sample of 7 000 MNIST digits; ",
          "`make data` downloads all 70 000\n")
        warned = true
      end
      return set
    end
  end
  internals.raise "mnist: cannot find MNIST: run `make data` to download it, or set DIGITS_DATA"
end

local function find_mnist(part, options, given)
  local own = os.getenv "DIGITS_DATA"
  if given then
    local first = IDX[part or "train"][1]
    return read_folder(given, part, options) or internals.raise(
      ("open: the folder '%s' does not contain mnist: expected %s, or %s.gz"):format(given, first,
        first))
  elseif own and own ~= "" then
    return read_folder(own, part, options) or internals.raise(
      ("mnist: DIGITS_DATA is '%s', but MNIST is not there"):format(own))
  end
  local cache = files.cache "mnist"
  return cache and read_folder(cache, part, options) or read_sample(part, options)
end

-- Returns MNIST or a part of it, from the folder given or its usual places.
local function open_mnist(options)
  local set = find_mnist(options.part, { target = options.target }, options.folder)
  return options.groups and require "digits.writers"(set, options.part) or set
end

local PART = { "part", "choice", choices = { "train", "test" },
  doc = "train: 60 000 digits; test: 10 000 digits, by other writers; nil: all" }
local TARGET = { "target", "choice", choices = { "labels", "numbers" },
  doc = "what y is; nil: labels" }
local GROUPS = { "groups", "choice", choices = { "writers" },
  doc = "writers: rows are in groups by who wrote them, which split and folds keep together; " ..
    "nil: no groups" }

local mnist = define({
  path = "data.mnist",
  params = { PART, TARGET, GROUPS },
  doc = [[
MNIST, all 70 000 digits or one part of them, from $DIGITS_DATA or from where `make data`
puts it; otherwise the sample of 7 000 digits that comes with the program. Who wrote each digit is
known from QMNIST (Yadav and Bottou 2019): 836 people, none of them in both parts.]],
  example = "data.mnist { part = \"test\" }",
}, open_mnist)

-- ---- sets by name ----

-- The options of data.open for sets that it knows by name.
local open_named = define({
  path = "data.open",
  params = {
    { "name", "string", required = true, doc = "the set" },
    { "folder", "path", doc = "where its files are; nil: the usual places" },
    PART, TARGET, GROUPS,
    { "shape", "integers", low = 1, doc = "of a row; nil: {28, 28, 1}" },
  },
  doc = "A set of images by its name.",
}, function(options)
  local set = named.open(options.name, options) or open_mnist(options)
  if options.target == "numbers" and set.target ~= "numbers" then
    set = set:with { class_names = false, target = "numbers" }
  end
  return options.shape and set:reshape(options.shape) or set
end)

local NAMES = { mnist = true }
for _, name in ipairs(named.names) do NAMES[name] = true end
local KNOWN = "\"mnist\", \"" .. table.concat(named.names, "\", \"") .. "\""

local function with_name(name, given)
  local all = { name = name }
  for option, value in pairs(given or {}) do all[option] = value end
  return open_named(all)
end

-- ---- any path ----

-- Returns the path of the file of labels beside a file of rows, or nil: images -> labels,
-- x_ -> y_.
local function labels_beside(path)
  local folder, name = path:match "^(.*/)([^/]*)$"
  folder, name = folder or "", name or path
  local plain = name:gsub("%.gz$", "")
  local labels = plain:find "images" and plain:gsub("images", "labels"):gsub("idx3", "idx1")
    or plain:gsub("^x([_.])", "y%1"):gsub("_x%.", "_y.")
  if labels == plain then return nil end
  for _, candidate in ipairs { labels, labels .. ".gz" } do
    if kind_of(folder .. candidate) == "file" then return folder .. candidate end
  end
end

-- A format's first option is the path of the rows; the second, if it is a path, that of the labels.
-- In formats with label_column it is column 1, unless there is a file of labels beside.
local function open_file(path, given)
  local read = data[internals.format_of(path)]
  local params, has = internals.describe(read).params, {}
  for _, param in ipairs(params) do has[param.name] = true end
  local two_files = params[2].type == "path"
  local labels = two_files and labels_beside(path) or nil
  local options = { [params[1].name] = path }
  if two_files then options[params[2].name] = labels end
  if has.label_column and not labels then
    if path:find "images[^/]*$" then
      internals.raise(("open: cannot find the labels of '%s': expected a file beside it with " ..
        "\"labels\" in place of \"images\" in its name; data.csv reads files of other names")
        :format(path))
    end
    options.label_column = 1
  end
  return as_pictures(read(join(options, given)), given)
end

local open = define({
  path = "data.open",
  arguments = 2,
  params = {
    { "path", "string", required = true,
      expects = "\"mnist\" or another name, or the path of a file or folder",
      doc = "the name of a set, or where the data is" },
    { "options", "table", doc = "of a set: part, folder, groups, target, shape; else those of " ..
      "the format: target, shape, header, label_column ..." },
  },
  doc = [[
Opens a dataset by its name: "mnist", "fashion-mnist", "kmnist" (hiragana), "emnist-letters",
"emnist-balanced" (digits and letters) or "qmnist", read from its own files (part = "train" or
"test": one part; folder = ...: where they are). Or a folder with MNIST's IDX files or its two CSV
files; or a file, whose format is recognised by its first bytes or its name. The labels are in a
file beside it (images -> labels or x -> y in its name) or, for a .csv file without one, in its
first column.]],
  example = "local train, test = data.open(\"mnist\"):split { 0.8, 0.2, seed = 1 }",
}, function(path, given)
  if NAMES[path] then return with_name(path, given) end
  local kind = kind_of(path)
  if kind == "file" then return open_file(path, given) end
  if not kind then
    internals.raise(("open: '%s' does not exist%s: expected %s, a folder or a file"):format(path,
      internals.suggestion(path, NAMES) or "", KNOWN))
  end
  local set = read_folder(path, nil, given)
  if set then return set end
  internals.raise(("open: the folder '%s' does not contain a dataset: expected %s, ... " ..
    "(or .gz), or %s and %s"):format(path, IDX.train[1], CSV[1], CSV[2]))
end)

return { open = open, mnist = mnist }
