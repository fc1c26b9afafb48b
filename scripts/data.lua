-- data.open and data.mnist: datasets found by name.
local core = require "digits.core"
local internals, data = core.internals, core.data
local define, kind_of = internals.define, internals.kind_of

local IDX = {
  train = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte" },
  test = { "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" },
}
local CSV = { "handwritten_digits_images.csv", "handwritten_digits_labels.csv" }
local LABELLED = { train = "mnist_train.csv", test = "mnist_test.csv" }
local TRAIN_ROWS, ALL_ROWS = 60000, 70000 -- of all MNIST in one file

-- ---- files ----

-- Returns the path of the file under any of its usual names, or nil.
local function find(folder, name)
  local dotted = name:gsub("%-idx", ".idx")
  for _, candidate in ipairs { name, name .. ".gz", dotted, dotted .. ".gz" } do
    local path = folder .. "/" .. candidate
    if kind_of(path) == "file" then return path end
  end
end

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

local function cache_folder()
  local cache, home = os.getenv "XDG_CACHE_HOME", os.getenv "HOME"
  if not cache or cache == "" then cache = home and home .. "/.cache" end
  return cache and cache .. "/digits-lua/mnist"
end

local warned = false -- that this is only the sample

local function read_sample(part, options)
  local program = internals.program_path()
  local folder = program and program:match "^(.*)/[^/]*$"
  -- installed; build/; build/asan/
  local places = { "/../share/digits-lua/mnist", "/../vendor/mnist", "/../../vendor/mnist" }
  for _, place in ipairs(places) do
    local set = folder and read_folder(folder .. place, part, options)
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

-- Returns MNIST or a part of it; `options` are passed to the reader.
local function find_mnist(part, options)
  local own = os.getenv "DIGITS_DATA"
  if own and own ~= "" then
    local set = read_folder(own, part, options)
    if set then return set end
    internals.raise(("mnist: DIGITS_DATA is '%s', but MNIST is not there"):format(own))
  end
  local cache = cache_folder()
  return cache and read_folder(cache, part, options) or read_sample(part, options)
end

local mnist = define({
  path = "data.mnist",
  params = {
    { "part", "choice", choices = { "train", "test" },
      doc = "train: 60 000 digits; test: 10 000 digits; nil: all" },
    { "target", "choice", choices = { "labels", "numbers" }, doc = "what y is; nil: labels" },
  },
  doc = "MNIST, all 70 000 digits or one part of them, from $DIGITS_DATA or from where " ..
    "`make data`\nputs it; otherwise the sample of 7 000 digits that comes with the program.",
  example = "data.mnist { part = \"test\" }",
}, function(options) return find_mnist(options.part, { target = options.target }) end)

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
    { "path", "string", required = true, expects = "\"mnist\" or the path of a file or folder",
      doc = "where the data is" },
    { "options", "table", doc = "options of the format: target, shape, header, label_column ..." },
  },
  doc = [[
Opens a dataset: "mnist"; a folder with MNIST's IDX files or its two CSV files; or a file, whose
format is recognised by its first bytes or its name. The labels are in a file beside it (images ->
labels or x -> y in its name) or, for a .csv file without one, in its first column.]],
  example = "local train, test = data.open(\"mnist\"):split { 0.8, 0.2, seed = 1 }",
}, function(path, given)
  if path == "mnist" then return find_mnist(nil, given) end
  local kind = kind_of(path)
  if kind == "file" then return open_file(path, given) end
  if not kind then
    internals.raise(("open: '%s' does not exist: expected \"mnist\", a folder or a file"):format(
      path))
  end
  local set = read_folder(path, nil, given)
  if set then return set end
  internals.raise(("open: the folder '%s' does not contain a dataset: expected %s, ... " ..
    "(or .gz), or %s and %s"):format(path, IDX.train[1], CSV[1], CSV[2]))
end)

return { open = open, mnist = mnist }
