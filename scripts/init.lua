-- The module "digits": the C half, digits.core, and what is written in Lua.
local core = require "digits.core"
local internals = core.internals

local digits = {}
for name, value in pairs(core) do digits[name] = value end
digits.internals = nil

local show = require "digits.show"
internals.set_progress(require "digits.progress")
digits.options = require "digits.options"
digits.info = require "digits.info"
digits.path = require "digits.path"
digits.help = require("digits.help").help
digits.reference = require "digits.reference"
local data = require "digits.data"
digits.data.open, digits.data.mnist = data.open, data.mnist
digits.plot = require "digits.plot"
digits.search = require "digits.search"
digits.report = { "new" }
digits.data.label_issues = require "digits.label_issues"
digits.nn.check_gradient = require "digits.check_gradient"

-- Makes a module: unknown names raise an error, and printing it lists its names. Names in the list
-- part of `fields` are files, loaded when they, or all names, are first asked for; or fields of
-- what the one file `fields.file` returns.
local function module(fields, name)
  local files, file = {}, fields.file
  fields.file = nil
  while fields[1] do files[table.remove(fields)] = true end
  local function read(key)
    local value = require(name .. "." .. (file or key))
    fields[key], files[key] = file and value[key] or value, nil
  end
  local function read_all()
    for key in pairs(files) do read(key) end
    return next, fields
  end
  internals.strict(fields, name)
  local meta = getmetatable(fields)
  local unknown = meta.__index
  function meta.__index(self, key)
    if files[key] then read(key) else read_all() end
    return rawget(fields, key) or unknown(self, key)
  end
  meta.__pairs = read_all
  function meta.__dir() return show.sorted_keys(files) end
  function meta.__tostring(self)
    return ("%s: %s"):format(name, table.concat(show.sorted_keys(self), ", "))
  end
  return fields
end

local LEARNERS = "Learners; for their methods, see help \"learner\"."
local DOCUMENTS = { -- for modules that C does not document
  nn = [[
Networks: nn.Sequential joins layers into a model; optimizers, losses, initializers and
regularizers are parts too. Options are given by position, in Keras's order, or by name.]],
  data = [[
Reading and creating datasets. For the methods of a dataset, see help "dataset".]],
  tree = [[
Decision trees: single trees, random forests and gradient boosting. They are fitted, evaluated and
saved like networks; for the methods, see help "learner".]],
  linear = [[
Linear models, which are fitted, evaluated and saved like networks; for the methods, see
help "learner".]],
  neighbors = [[
Nearest neighbours and nearest centroids, which are fitted, evaluated and saved like networks; for
the methods, see help "learner".]],
  search = [[
Searches for the best parameters of a model: a grid, random draws or successive halving, with a
journal from which an interrupted search continues.]],
  report = [[
Pages of text, tables and pictures, each in one HTML file: report.new creates one.]],
  metrics = [[
Metrics of labels and probabilities, with scikit-learn's definitions, and tests of whether one
model is really better than another.]],
  plot = [[
Pictures, drawn by gnuplot: picture:save("x.svg"), .png or .pdf; picture:show() in the
terminal; picture:render("svg") returns a string.]],
}

for _, name in ipairs(require "digits.modules") do
  local full = "digits." .. name
  module(digits[name], full)
  internals.document(digits[name], full, full .. "\n" .. (DOCUMENTS[name] or LEARNERS))
end
require "digits.metrics"
internals.document(digits, "digits", "digits\n" ..
  "Recognises handwritten digits, and images or tables like them. help(x) describes x: a\n" ..
  "function, a part such as digits.nn.Conv2D, a value, or a name in quotes.")
return module(digits, "digits")
