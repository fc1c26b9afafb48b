-- plot.kernels: what the units of a layer look for in the image.
local core = require "digits.core"
local picture_of = core.internals.picture
local check = require "digits.plot.check"
local mosaic = require "digits.plot.mosaic"
local picture = require "digits.plot.picture"

local NAME = "kernels"

-- The layer's name and its kernel.
local function find(model, layer)
  local weights = model:weights()
  local known = {}
  for _, name in ipairs(weights) do
    local owner = name:match "^(.*)%.kernel$"
    if owner then
      if layer == nil or layer == owner then return owner, weights[name] end
      known[#known + 1] = owner
      known[owner] = true
    end
  end
  if #known == 0 then check.fail(NAME, "the model has no layer with a kernel") end
  local near = core.internals.nearest(layer, known)
  check.fail(NAME, "no layer '%s' has a kernel%s", layer,
    near and (", did you mean '%s'?"):format(near) or ", these have: " .. table.concat(known, ", "))
end

-- A list of tensors {height, width}, one a unit.
local function units(owner, kernel, options)
  local shape = kernel.shape
  if #shape == 4 then
    local channel = options.channel or 1
    if math.type(channel) ~= "integer" or channel < 1 or channel > shape[3] then
      check.fail(NAME, "channel must be a whole number from 1 to %d, found %s", shape[3],
        tostring(channel))
    end
    return kernel:transpose { 4, 3, 1, 2 }[{ {}, channel }]
  end
  local high, wide
  if options.shape then
    high, wide = table.unpack(check.shape(NAME, options.shape))
  else
    high = math.floor(math.sqrt(shape[1]) + 0.5)
    wide = high
  end
  if #shape ~= 2 or math.type(high) ~= "integer" or math.type(wide) ~= "integer"
    or high * wide ~= shape[1] then
    check.fail(NAME, "the kernel of %s has shape %s, which is no image for each unit; say " ..
      "which: shape = { height, width }", owner, tostring(shape))
  end
  return kernel:transpose():reshape { shape[2], high, wide }
end

return function(model, layer, options)
  if type(layer) == "table" and options == nil then layer, options = nil, layer end
  options = check.options(NAME, options, { channel = "number", shape = "table", columns = "number",
    most = "number" })
  if not check.is_a(model, "model") then
    check.fail(NAME, "expected a network, found %s", check.found(model))
  end
  if layer ~= nil and type(layer) ~= "string" then
    check.fail(NAME, "the layer must be its name, found %s", check.found(layer))
  end
  local owner, kernel = find(model, layer)
  local all = units(owner, kernel, options)
  local low, high = picture_of.range(all)
  high = math.max(-(low or 0), high or 0)
  local count = math.min(#all, check.count(NAME, "most", options.most) or 64)
  local images = { rasters = {}, columns = check.count(NAME, "columns", options.columns)
      or mosaic.columns(count),
    scale = { "diverging", -high, high } }
  images.columns = math.max(1, math.min(images.columns // 1, count))
  for i = 1, count do
    images.rasters[i] = picture_of.colour(all[i], "diverging", -high, high)
  end
  if count < #all then images.note = ("%d of %d units shown"):format(count, #all) end
  local width, height = mosaic.size(images)
  return picture.new {
    kind = NAME, title = options.title or ("weights of %s"):format(owner),
    width = options.width or width, height = options.height or height + 33,
    layout = mosaic.layout(images), terminal = mosaic.text(images),
  }
end
