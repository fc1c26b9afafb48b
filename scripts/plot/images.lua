-- plot.images: images of a set or tensor with their labels.
local class_names = require "digits.class_names"
local core = require "digits.core"
local picture_of = core.internals.picture
local mosaic = require "digits.plot.mosaic"
local plot = require "digits.plot.define"

-- A tensor {n, height, width} or {n, height, width, channels}.
local function as_images(x, single)
  local shape = x.shape
  if #shape == 2 and not single then
    local side = math.floor(math.sqrt(shape[2]) + 0.5)
    if side * side ~= shape[2] then
      plot.fail("images: rows of %d values are not square images: reshape them to { n, height, " ..
        "width }", shape[2])
    end
    return x:reshape { shape[1], side, side }
  end
  if #shape == 2 then return x:reshape { 1, shape[1], shape[2] } end
  if #shape < 3 or #shape > 4 or #shape == 4 and shape[4] ~= 1 and shape[4] ~= 3 then
    plot.fail("images: expected images {n, height, width}, or with 1 or 3 channels, found shape %s",
      tostring(shape))
  end
  return x
end

-- The numbers of the rows to show, at most `most`, and how many were asked for.
local function read_rows(rows, count, most)
  local list = {}
  for i = 1, math.min(rows and #rows or count, most) do
    list[i] = rows and rows[i] or i
    if list[i] > count then
      plot.fail("images: rows[%d] must be a whole number from 1 to %d, found %d", i, count, list[i])
    end
  end
  if #list == 0 then plot.fail "images: nothing to draw: there are no images" end
  return list, rows and #rows or count
end

-- The labels of a set's rows.
local function labels_of(set, rows)
  local y = set:rows(rows).y
  if #y.shape == 1 then return y:totable() end
  local labels = {}
  for i, class in ipairs(y:argmax { axis = 2 }:totable()) do labels[i] = set.classes[class] end
  return labels
end

-- The range of the grey scale: 0 to 255 for uint8, else 0 to 1 if it holds all values, else theirs.
local function span(x)
  if x.dtype == "uint8" then return 0, 255 end
  local low, high = picture_of.range(x)
  if not low then return 0, 1 end
  if low >= 0 and high <= 1 then return 0, 1 end
  return low, high
end

local function namer(set)
  local names = set and class_names(set) or {}
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

-- The labels of the rows, from a list with one for each image.
local function pick(name, labels, rows, count)
  if not labels then return nil end
  if #labels ~= count then
    plot.fail("images: %s must have a label for each of the %d images, found %d", name, count,
      #labels)
  end
  local list = {}
  for i, row in ipairs(rows) do list[i] = labels[row] end
  return list
end

local function draw(source, options)
  local is_set, found = pcall(function() return source.x end) -- a tensor has no field x
  local set, x = is_set and source or nil, is_set and found or source
  local all = as_images(x, #x.shape == 2 and not set and options.rows == nil
    and x.shape[1] == x.shape[2])
  local rows, wanted = read_rows(options.rows, #all, options.most)
  local truth = pick("labels", options.labels, rows, #all)
  if not truth and set and set.y then truth = labels_of(set, rows) end
  local predicted = pick("predicted", options.predicted, rows, #all)
  local images = { rasters = {}, columns = options.columns or mosaic.columns(#rows) }
  images.columns = math.min(images.columns, #rows)
  local low, high = span(all)
  for i, row in ipairs(rows) do
    images.rasters[i] = picture_of.colour(all[row], "grey", low, high)
  end
  local notes, mistakes = {}, nil
  if options.captions then
    images.captions = {}
    for i = 1, #rows do images.captions[i] = tostring(options.captions[i] or "") end
  elseif truth or predicted then
    images.captions, images.framed, images.lines, mistakes =
      captions_of(truth, predicted, namer(set))
  end
  if mistakes or options.note then notes[1] = options.note or "framed: true → predicted" end
  if wanted > #rows then
    notes[#notes + 1] = ("%d of %d shown"):format(#rows, wanted)
  end
  if #notes > 0 then images.note = table.concat(notes, "; ") end
  return mosaic.new(images)
end

return plot.define({
  name = "images", arguments = 1,
  doc = "Images with their labels. One that was predicted wrongly is framed, and labelled\n" ..
    "true → predicted.",
  params = {
    { "source", { "dataset", "tensor" }, required = true, doc = "the images" },
    { "rows", "list", of = "integer", low = 1, doc = "the numbers of the images to show" },
    { "predicted", "list", doc = "a predicted label for each image of the source" },
    { "labels", "list", doc = "the true labels; by default those of the set" },
    { "captions", "list", doc = "texts in place of labels, one for each image shown" },
    { "columns", { "integer" }, low = 1, doc = "the number of columns" },
    { "most", "integer", low = 1, default = 40, doc = "the maximum number of images shown" },
    { "note", "string", doc = "a line of text below the images" },
  },
  example = "plot.images(test, { rows = wrong, predicted = labels }):show()",
}, draw)
