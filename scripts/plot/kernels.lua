-- plot.kernels: the weights of each unit of a layer as an image.
local core = require "digits.core"
local picture_of = core.internals.picture
local mosaic = require "digits.plot.mosaic"
local plot = require "digits.plot.define"

-- Returns the layer's name and its kernel.
local function find(model, layer)
  if not pcall(function() return model.weights end) then
    plot.fail("kernels: model must be a network, found %s", core.internals.found(model))
  end
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
  if #known == 0 then plot.fail "kernels: the model has no layer with a kernel" end
  plot.fail("kernels: no layer '%s' has a kernel%s", layer,
    core.internals.suggestion(layer, known) or ", these have: " .. table.concat(known, ", "))
end

-- Returns tensors {height, width}, one per unit.
local function units(owner, kernel, options)
  local shape = kernel.shape
  if #shape == 4 then
    if options.channel > shape[3] then
      plot.fail("kernels: channel must be a whole number from 1 to %d, found %d", shape[3],
        options.channel)
    end
    return kernel:transpose { 4, 3, 1, 2 }[{ {}, options.channel }]
  end
  local side = math.floor(math.sqrt(shape[1]) + 0.5)
  local high, wide = table.unpack(options.shape or { side, side })
  if #shape ~= 2 or high * wide ~= shape[1] then
    plot.fail("kernels: expected shape = { height, width } for the image of each unit, because " ..
      "the kernel of %s has shape %s", owner, tostring(shape))
  end
  return kernel:transpose():reshape { shape[2], high, wide }
end

local function draw(model, layer, options)
  local owner, kernel = find(model, layer)
  local all = units(owner, kernel, options)
  local low, high = picture_of.range(all)
  high = math.max(-(low or 0), high or 0)
  local count = math.min(#all, options.most)
  local images = { rasters = {}, scale = { "diverging", -high, high },
    columns = math.max(1, math.min(options.columns or mosaic.columns(count), count)) }
  for i = 1, count do
    images.rasters[i] = picture_of.colour(all[i], "diverging", -high, high)
  end
  if count < #all then images.note = ("%d of %d units shown"):format(count, #all) end
  options.title = options.title or ("weights of %s"):format(owner)
  return mosaic.new(images)
end

return plot.define({
  name = "kernels", doc = "The weights of each unit of a layer as an image.", arguments = 2,
  params = {
    { "model", "model", required = true, doc = "a network" },
    { "layer", "string", doc = "the layer's name; by default the first layer with a kernel" },
    { "channel", "integer", low = 1, default = 1, doc = "the input channel to show" },
    { "shape", "integers", count = 2, low = 1, doc = "the height and width of each image" },
    { "columns", { "integer" }, low = 1, doc = "the number of columns" },
    { "most", "integer", low = 1, default = 64, doc = "the maximum number of units shown" },
  },
  example = "plot.kernels(cnn, \"conv2d\"):save \"kernels.png\"",
}, draw)
