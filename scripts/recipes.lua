-- Recipes of models (engine/store/recipe.h): reading them, and saying how two differ.
local internals = require("digits.core").internals
local encode = require "digits.search.json"
local sorted_keys = require("digits.show").sorted_keys

local recipes = {}

-- ---- reading ----

-- Texts that are not UTF-8 are { hex = ... }.
local function plain(value)
  if type(value) ~= "table" then return value end
  if type(value.hex) == "string" then
    return (value.hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
  end
  for key, child in pairs(value) do value[key] = plain(child) end
  return value
end

-- The kinds of a recipe's members; a table of one is that of each of a list's.
local SET = { shape = { "number" }, dtype = "string", fingerprint = "string" }
local RECIPE = { before = { "string" }, arguments = { "string" }, file = "string",
  kernels = "string", seed = "string", sha256 = "string", fits = { { train = SET } } }
local OPTIONAL = { script = { path = "string" }, start = { file = "string", sha256 = "string" },
  modules = { { path = "string", sha256 = "string" } } }

-- What is wrong with a value, or nil.
local function fault(name, value, kind)
  local expected = type(kind) == "string" and kind or "table"
  if type(value) ~= expected then
    return ("%s must be a %s, found %s"):format(name, expected, internals.found(value))
  end
  if expected == kind then return end
  for key, child in pairs(kind[1] and value or kind) do
    local wrong = fault(name .. "." .. key, value[key], kind[1] or child)
    if wrong then return wrong end
  end
end

local function fault_of(recipe)
  local wrong = fault("recipe", recipe, RECIPE)
  for i, fit in ipairs(not wrong and recipe.fits or {}) do
    if fit.products ~= nil then
      wrong = wrong or fault(("recipe.fits.%d.products"):format(i), fit.products, "string")
    end
  end
  for name, kind in pairs(OPTIONAL) do
    wrong = wrong or recipe[name] ~= nil and fault(name, recipe[name], kind) or nil
  end
  return wrong
end

-- What the file of a model says about it; its recipe is the field `recipe`.
function recipes.read(path)
  local text = internals.model_text(path)
  local about = text and assert(internals.parse_json(text, path))
  local recipe = about and about.sections and about.sections.recipe
  if not about then
    internals.raise(("reproduce: %s has no recipe: give a model that was saved as .safetensors")
      :format(path))
  elseif not recipe then
    internals.raise(("reproduce: %s has no recipe: it was saved without one, or by an " ..
      "earlier version of the program, or it is a copy of such a file")
      :format(path))
  end
  about.sections.recipe, about.recipe = nil, plain(recipe)
  local wrong = fault_of(about.recipe)
  if wrong then
    internals.raise(("reproduce: %s: the recipe is damaged: %s"):format(path, wrong))
  end
  return about
end

-- Why the products of a fit cannot be computed here as they were, or nil; only bfloat16 depends on
-- the processor.
local function doubt_of_products(was)
  local here = was and internals.facts().bfloat16
  if was == here then return end
  if was == "float32" then
    return "was trained in float32, although bfloat16 was asked for, by a processor that has no " ..
      "products in bfloat16; this one has: set DIGITS_BFLOAT16=off in the environment"
  end
  return ("was trained with products in %s, which this processor does not have%s"):format(was,
    here == "float32" and " (they need the instructions AVX512_BF16)" or "; it has " .. here)
end

-- Why a model cannot be made again, or nil.
function recipes.doubt(about)
  local recipe = about.recipe
  for _, fit in ipairs(recipe.fits) do
    local doubt = doubt_of_products(fit.products)
    if doubt then return doubt end
  end
  if recipe.prompt then
    return "was saved at the prompt: there is no script that makes it again"
  elseif recipe.ended == "interrupted" then
    return "cannot be made again: Ctrl-C ended a fit"
  elseif not recipe.script and #recipe.before == 0 then
    return "was not saved by a script"
  end
end

-- ---- comparing ----

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do lines[#lines + 1] = line end
  return lines
end

local function quoted(line)
  return line and ("'%s'"):format(line:match "^%s*(.-)%s*$") or "nothing"
end

-- Adds a line about the first difference between a recorded script and its text today.
function recipes.compare_scripts(script, text, out)
  if script.text == text then return end
  local old, new = lines_of(script.text or ""), lines_of(text)
  for i = 1, math.max(#old, #new) do
    if old[i] ~= new[i] then
      out[#out + 1] = ("script: line %d of %s was %s, is now %s"):format(i, script.path,
        quoted(old[i]), quoted(new[i]))
      return
    end
  end
  out[#out + 1] = ("script: %s has other line ends or spaces"):format(script.path)
end

-- The digests of modules by path; by the name alone where the path is that of one machine.
local function by_path(modules)
  local digests = {}
  for _, module in ipairs(modules or {}) do
    local name = module.path:match "^/.*/([^/]*)$" or module.path
    digests[name] = (digests[name] or "") .. module.sha256
  end
  return digests
end

local function compare_modules(old, new, out)
  local then_of, now_of, paths = by_path(old), by_path(new), {}
  for path in pairs(then_of) do paths[path] = true end
  for path in pairs(now_of) do paths[path] = true end
  for _, path in ipairs(sorted_keys(paths)) do
    local was, is = then_of[path], now_of[path]
    if was ~= is then
      out[#out + 1] = ("script: its module %s %s"):format(path, was and is and "has changed"
        or was and "is no longer loaded" or "was not loaded")
    end
  end
end

-- A part's options and its defaults, as one.
local function merged(value)
  local both = {}
  for _, name in ipairs { "options", "defaults" } do
    for key, option in pairs(value[name]) do both[key] = option end
  end
  for key, other in pairs(value) do
    if key ~= "options" and key ~= "defaults" then both[key] = other end
  end
  return both
end

local function is_part(value)
  return type(value.options) == "table" and type(value.defaults) == "table"
end

-- Adds a line for each value that differs: "name: layers[2].units was 128, is now 64".
local function compare(name, old, new, out)
  local old_text, new_text = old == nil and "absent" or encode(old),
    new == nil and "absent" or encode(new)
  if old_text == new_text then return end
  local tables = type(old) == "table" and type(new) == "table"
  if tables and #old ~= #new and type(old[1] or new[1]) == "table" then
    out[#out + 1] = ("%s had %d entries, has now %d"):format(name, #old, #new)
    return
  elseif not tables or #old ~= #new then
    out[#out + 1] = ("%s was %s, is now %s"):format(name, old_text, new_text)
    return
  end
  if is_part(old) and is_part(new) then old, new = merged(old), merged(new) end
  local keys = {}
  for _, value in ipairs { old, new } do
    for key in pairs(value) do keys[key] = true end
  end
  for _, key in ipairs(sorted_keys(keys)) do
    compare(type(key) == "number" and ("%s[%d]"):format(name, key) or name .. "." .. key, old[key],
      new[key], out)
  end
end

local function without(value, names)
  local rest = {}
  for key, child in pairs(value or {}) do
    if not names[key] then rest[key] = child end
  end
  return rest
end

-- The fits, but for their data.
local function compare_options(old, new, out)
  local data = { train = true, validation = true }
  if #old.fits ~= #new.fits then
    out[#out + 1] = ("options: there were %d different fits, there are now %d"):format(#old.fits,
      #new.fits)
  end
  for i = 1, math.min(#old.fits, #new.fits) do
    local name = #old.fits > 1 and ("options: fit %d"):format(i) or "options: fit"
    compare(name, without(old.fits[i], data), without(new.fits[i], data), out)
  end
  compare("options: more fits", old.more, new.more, out)
  compare("options: the fits", old.ended, new.ended, out)
end

local function compare_set(name, old, new, out)
  if not old or not new then
    compare(name, old and "a set" or nil, new and "a set" or nil, out)
    return
  end
  local before = #out
  if old.shape[1] ~= new.shape[1] then
    out[#out + 1] = ("%s had %d rows, has now %d"):format(name, old.shape[1], new.shape[1])
  end
  compare(name .. ": the shape", table.pack(table.unpack(old.shape, 2)),
    table.pack(table.unpack(new.shape, 2)), out)
  compare(name .. ": the dtype", old.dtype, new.dtype, out)
  if #out == before and old.fingerprint ~= new.fingerprint then
    out[#out + 1] = ("%s has the same shape, but other values: the fingerprint was %s, is now %s")
      :format(name, old.fingerprint, new.fingerprint)
  end
end

local function compare_data(old, new, out)
  for i = 1, math.min(#old.fits, #new.fits) do
    for _, name in ipairs { "train", "validation" } do
      local place = #old.fits > 1 and ("data: %s of fit %d"):format(name, i) or "data: " .. name
      compare_set(place, old.fits[i][name], new.fits[i][name], out)
    end
  end
end

-- Adds a line for each difference between what two files say, causes first. Programs and kernels
-- that differ do not matter if what was learnt does not.
function recipes.compare(old, new, learnt_differs, out)
  local first, second = old.recipe, new.recipe
  compare_modules(first.modules, second.modules, out)
  compare("start: " .. (first.start and first.start.file or "a file"), first.start, second.start,
    out)
  compare("seed: of digits.seed", first.seed, second.seed, out)
  compare("seed: of the model", old.seed, new.seed, out)
  compare_options(first, second, out)
  local data = { classes = true, class_names = true, input_range = true }
  local rest = { recipe = true, program = true, seed = true }
  for name in pairs(data) do rest[name] = true end
  local before = #out
  compare("options: the model", without(old, rest), without(new, rest), out)
  for i = before + 1, #out do out[i] = out[i]:gsub("^(options: )the model%.", "%1") end
  compare_data(first, second, out)
  compare("data: classes", old.classes, new.classes, out)
  compare("data: class_names", old.class_names, new.class_names, out)
  if not learnt_differs then return end
  compare("program: the version", old.program, new.program, out)
  local place = #out + 1
  compare("kernels: the level", first.kernels, second.kernels, out)
  if first.fused ~= second.fused then
    local levels = out[place] or ("kernels: the level is %q on both machines"):format(first.kernels)
    out[place] = levels .. ": without fused multiply-add, results are rounded differently"
  end
end

return recipes
