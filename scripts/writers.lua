-- Who wrote each digit of MNIST (vendor/qmnist).
local core = require "digits.core"
local files = require "digits.data_files"
local internals = core.internals

-- {2, rows}: digits and writers of a part, in MNIST's order.
local function read(part)
  for _, folder in ipairs(files.own "qmnist") do
    local path = files.find(folder, part .. "-writers-idx2-int")
    if path then return internals.idx_values(path) end
  end
  internals.raise("mnist: cannot find the table of writers, " .. part .. "-writers-idx2-int.gz, " ..
    "which comes with digits-lua in vendor/qmnist")
end

-- Returns MNIST (a part of it, or all of it), or the first rows of each part, with its writers as
-- groups.
return function(set, part)
  local rows = #set
  local train = part == "train" and rows or part == "test" and 0 or rows // 7 * 6
  local digits, writers = {}, {}
  for name, count in pairs { train = train, test = rows - train } do
    local all = count > 0 and read(name)
    if all and count > all.shape[2] then
      internals.raise(("mnist: there are %d rows in the %s part, the writers of only %d are known")
        :format(count, name, all.shape[2]))
    end
    local place = name == "train" and 1 or #digits + 1
    if all then
      table.insert(digits, place, all[{ 1, { 1, count } }])
      table.insert(writers, place, all[{ 2, { 1, count } }])
    end
  end
  if (set.labels or set.y:astype "int32") ~= core.concat(digits) then
    internals.raise("mnist: the rows are not MNIST's in their usual order (the labels differ), " ..
      "so their writers are not known")
  end
  return set:with { groups = core.concat(writers) }
end
