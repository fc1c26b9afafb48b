-- plot.images: images of a set or tensor, with their labels.
local core = require "digits.core"
local picture_of = core.internals.picture
local check = require "digits.plot.check"
local mosaic = require "digits.plot.mosaic"
local picture = require "digits.plot.picture"

local NAME = "images"

-- A tensor {n, height, width} or {n, height, width, channels}.
local function as_images(x, single)
  local shape = x.shape
  if #shape == 2 and not single then
    local side = math.floor(math.sqrt(shape[2]) + 0.5)
    if side * side ~= shape[2] then
      check.fail(NAME, "rows of %d values are no square images; reshape them to { n, height, " ..
        "width }", shape[2])
    end
    return x:reshape { shape[1], side, side }
  end
  if #shape == 2 then return x:reshape { 1, shape[1], shape[2] } end
  if #shape < 3 or #shape > 4 or #shape == 4 and shape[4] ~= 1 and shape[4] ~= 3 then
    check.fail(NAME, "expected images {n, height, width}, or with 1 or 3 channels, found shape %s",
      tostring(shape))
  end
  return x
end

-- Row numbers, from the option or from 1 on; at most `most`.
local function read_rows(rows, count, most)
  local list = {}
  if rows == nil then
    for i = 1, math.min(count, most) do list[i] = i end
    return list, count
  end
  local given = check.numbers(NAME, "rows", rows)
  for i = 1, math.min(#given, most) do
    local row = math.tointeger(given[i])
    if not row or row < 1 or row > count then
      check.fail(NAME, "rows[%d] must be a whole number from 1 to %d, found %s", i, count,
        tostring(given[i]))
    end
    list[i] = row
  end
  return list, #given
end

-- Labels that line up with the images, by row: tensor or list, numbers or texts.
local function read_labels(name, given, count)
  if given == nil then return nil end
  if type(given) ~= "table" and not check.is_a(given, "tensor") then
    check.fail(NAME, "%s must be a tensor or list, found %s", name, check.found(given))
  end
  if #given ~= count then
    check.fail(NAME, "%s must have a label for each of the %d images, found %d", name, count,
      #given)
  end
  return given
end

-- The labels of a set's rows.
local function labels_of(set, rows)
  local y = set:rows(rows).y
  if #y.shape == 1 then return y:totable() end
  local labels = {}
  for i, class in ipairs(y:argmax { axis = 2 }:totable()) do labels[i] = set.classes[class] end
  return labels
end

-- The range of values that colours span: a byte's, 0 .. 1, or what there is.
local function span(x)
  if x.dtype == "uint8" then return 0, 255 end
  local low, high = picture_of.range(x)
  if not low then return 0, 1 end
  if low >= 0 and high <= 1 then return 0, 1 end
  return low, high
end

local function namer(set)
  local names = {}
  if set and set.class_names then
    for i, label in ipairs(set.classes) do names[label] = set.class_names[i] end
  end
  return function(label) return names[label] or tostring(label) end
end

local function captions_of(truth, predicted, name_of)
  local captions, framed, lines = {}, {}, {}
  local both = truth and predicted
  for i = 1, #(truth or predicted) do
    if both and truth[i] ~= predicted[i] then
      framed[i] = true
      lines[i] = { name_of(truth[i]), "→ " .. name_of(predicted[i]) }
      captions[i] = table.concat(lines[i], " ")
    else
      captions[i] = name_of((truth or predicted)[i])
    end
  end
  return captions, framed, lines, both and next(framed)
end

local function pick(labels, rows)
  if not labels then return nil end
  local list = {}
  for i, row in ipairs(rows) do list[i] = labels[row] end
  return list
end

-- The selected images, as { tensor, count of all, rows, truth }.
local function read_source(source, options)
  local set = check.is_a(source, "dataset") and source
  local x = set and set.x or check.tensor(NAME, "the first value", source)
  local all = as_images(x, #x.shape == 2 and not set and options.rows == nil
    and x.shape[1] == x.shape[2])
  local rows, wanted = read_rows(options.rows, #all, options.most or 40)
  if #rows == 0 then check.fail(NAME, "there are no images to show") end
  local truth = pick(read_labels("labels", options.labels, #all), rows)
  if not truth and set and set.y then truth = labels_of(set, rows) end
  return { x = all, rows = rows, wanted = wanted, truth = truth, set = set }
end

return function(source, options)
  options = check.options(NAME, options, { rows = "any", predicted = "any", labels = "any",
    columns = "number", most = "number", captions = "table", note = "string" })
  for _, name in ipairs { "columns", "most" } do
    local value = options[name]
    if value and (math.type(value) ~= "integer" or value < 1) then
      check.fail(NAME, "%s must be a whole number of at least 1, found %s", name, tostring(value))
    end
  end
  local from = read_source(source, options)
  local predicted = pick(read_labels("predicted", options.predicted, #from.x), from.rows)
  local images = { rasters = {}, columns = options.columns or mosaic.columns(#from.rows) }
  images.columns = math.min(images.columns, #from.rows)
  local low, high = span(from.x)
  for i, row in ipairs(from.rows) do
    images.rasters[i] = picture_of.colour(from.x[row], "grey", low, high)
  end
  local notes, mistakes = {}, nil
  if options.captions then
    images.captions = {}
    for i = 1, #from.rows do images.captions[i] = tostring(options.captions[i] or "") end
  elseif from.truth or predicted then
    images.captions, images.framed, images.lines, mistakes =
      captions_of(from.truth, predicted, namer(from.set))
  end
  if mistakes or options.note then notes[1] = options.note or "framed: true → predicted" end
  if from.wanted > #from.rows then
    notes[#notes + 1] = ("%d of %d shown"):format(#from.rows, from.wanted)
  end
  if #notes > 0 then images.note = table.concat(notes, "; ") end
  local width, height = mosaic.size(images)
  return picture.new {
    kind = NAME, title = options.title, width = options.width or width,
    height = options.height or height + (options.title and 33 or 0),
    layout = mosaic.layout(images), terminal = mosaic.text(images),
  }
end
