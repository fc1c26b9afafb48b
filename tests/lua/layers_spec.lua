-- Layers in networks: the same bits on any number of threads, and again from a file.
local digits = require "digits"
local support = require "tests.lua.support"
local nn = digits.nn
local message = support.message

local set = digits.data.from_tensors {
  x = ((digits.range(96 * 8 * 7 * 4) * 7 % 17):astype "float32" / 17):reshape { 96, 8, 7, 4 },
  y = digits.range(96) % 3,
}

-- A convolution, then what `middle` makes of it, then a softmax.
local function network(middle)
  local x = nn.Input { 8, 7, 4 }
  local y = middle(nn.Conv2D { 6, 3, padding = "same", activation = "tanh" }(x), x)
  return nn.Model { inputs = x,
    outputs = nn.Dense { 3, activation = "softmax" }(nn.Flatten {}(y)), seed = 3 }
end

local function trained(middle, threads)
  digits.threads(threads)
  local model = network(middle)
  model:compile { optimizer = nn.Adam {}, loss = "categorical_crossentropy" }
  model:fit(set, { epochs = 2, batch_size = 24, seed = 1, verbose = 0 })
  return model
end

-- What stands in the middle, and how the first layer of the kind is written.
local cases = {
  { "Average {}", function(y, x) return nn.Average {} { y, nn.Conv2D { 6, 1 }(x) } end },
  { "Multiply {}", function(y)
    local gate = nn.Dense { 6, activation = "sigmoid" }(nn.GlobalAveragePooling2D {}(y))
    return nn.Multiply {} { y, gate }
  end },
  { "Concatenate { axis = 1 }", function(y)
    return nn.Concatenate { axis = 1 } { y, nn.Conv2D { 6, 1 }(y) }
  end },
  { "ZeroPadding2D { padding = {1, 0, 0, 2} }", function(y)
    return nn.ZeroPadding2D { { { 1, 0 }, { 0, 2 } } }(y)
  end },
  { "Cropping2D { cropping = {0, 1} }", function(y) return nn.Cropping2D { { 0, 1 } }(y) end },
  { 'UpSampling2D { size = {2, 1}, interpolation = "bilinear" }', function(y)
    return nn.UpSampling2D { { 2, 1 }, interpolation = "bilinear" }(y)
  end },
  { 'Conv2D { filters = 5, kernel_size = {3, 3}, padding = "same", dilation_rate = {2, 2} }',
    function(y)
      return nn.Conv2D { 5, 3, padding = "same", dilation_rate = 2, name = "dilated" }(y)
    end, "dilated" },
  { "DepthwiseConv2D { kernel_size = {3, 3}, depth_multiplier = 2 }", function(y)
    return nn.DepthwiseConv2D { 3, depth_multiplier = 2 }(y)
  end },
  { 'SeparableConv2D { filters = 20, kernel_size = {3, 3}, activation = "gelu" }', function(y)
    return nn.SeparableConv2D { 20, 3, activation = "gelu" }(y)
  end },
  { 'Conv2DTranspose { filters = 4, kernel_size = {3, 3}, strides = {2, 2}, padding = "same" }',
    function(y) return nn.Conv2DTranspose { 4, 3, strides = 2, padding = "same" }(y) end },
  { "SpatialDropout2D { rate = 0.3 }", function(y) return nn.SpatialDropout2D { 0.3 }(y) end },
  { "AlphaDropout { rate = 0.1, seed = 4 }", function(y)
    return nn.AlphaDropout { 0.1, seed = 4 }(y)
  end },
  { "GaussianNoise { stddev = 0.2 }", function(y) return nn.GaussianNoise { 0.2 }(y) end },
  { "PReLU { shared_axes = {1, 2} }", function(y)
    return nn.PReLU { shared_axes = { 1, 2 } }(y)
  end },
  { "GroupNormalization { groups = 3 }", function(y) return nn.GroupNormalization { 3 }(y) end },
  { "Permute { dims = {3, 1, 2} }", function(y) return nn.Permute { 3, 1, 2 }(y) end },
}

-- The layer of the name, or the first of the kind.
local function layer_of(model, kind, name)
  for _, layer in ipairs(model.layers) do
    local text = tostring(layer.part)
    if layer.name == name or not name and text:match "^%w+" == kind then return text end
  end
end

for _, case in ipairs(cases) do
  local text, middle, name = case[1], case[2], case[3]
  local kind = text:match "^%w+"
  it(text .. " gives the same bits on any number of threads, and from a file", function()
    local before = digits.threads()
    local model, other = trained(middle, 1), trained(middle, 3)
    digits.threads(before)
    assert.are.equal(text, layer_of(model, kind, name))
    assert.is_true(model:predict_proba(set) == other:predict_proba(set))
    local one = model:predict_proba(set.x[{ { 5, 5 } }])
    assert.is_true(one == model:predict_proba(set)[{ { 5, 5 } }])
    local path = os.tmpname() .. ".safetensors"
    model:save(path)
    local again = digits.load(path)
    os.remove(path)
    assert.is_true(model:predict_proba(set) == again:predict_proba(set))
    assert.are.equal(text, layer_of(again, kind, name))
    assert.matches(kind, again:summary())
    local quantized = model:quantize(set)
    assert.is_true((quantized:predict_proba(set) - model:predict_proba(set)):abs():max() < 0.1)
  end)
end

it("branches that do not go together are refused", function()
  local x = nn.Input { 4, 4, 2 }
  local function refused(text, join, y)
    assert.matches(text, message(function() nn.Model { inputs = x, outputs = join { x, y } } end))
  end
  refused("^Model: layer 3 %(Multiply 'multiply', input {4, 4, 2}%): needs inputs of the same " ..
    "shape, or with 1 where they differ, found {4, 4, 2} and {3, 3, 5}$", nn.Multiply {},
    nn.Conv2D { 5, 2 }(x))
  refused("needs inputs of the same shape but for axis 3, found {4, 4, 2} and {3, 3, 5}$",
    nn.Concatenate {}, nn.Conv2D { 5, 2 }(x))
  refused("^Model: layer 2 %(Concatenate 'concatenate', input {4, 4, 2}%): axis is 4, but its " ..
    "first input has shape {4, 4, 2}$", nn.Concatenate { axis = 4 }, x)
  assert.matches("^Concatenate: axis must be 1 or more, or %-1 or less, found 0",
    message(function() nn.Concatenate { axis = 0 } end))
end)

it("sides and axes that are none are refused", function()
  local expected = "a whole number of at least 0, { height, width } or { { top, bottom }, " ..
    "{ left, right } }, found "
  local function refused(what, make)
    local found = message(make)
    assert.is_truthy(found:find(what:gsub("EXPECTED ", expected), 1, true) == 1, found)
  end
  refused("ZeroPadding2D: expected EXPECTED {1, 2, 3}",
    function() nn.ZeroPadding2D { { 1, 2, 3 } } end)
  refused("ZeroPadding2D: padding must be EXPECTED ",
    function() nn.ZeroPadding2D { { { 0, 1 }, { 0 } } } end)
  refused("ZeroPadding2D: padding must be EXPECTED ",
    function() nn.ZeroPadding2D { padding = { { 0, 1 }, { 0, 1 }, x = 2 } } end)
  refused("Cropping2D: cropping must be EXPECTED -1", function() nn.Cropping2D { -1 } end)
  assert.matches("^Permute: dims must have each axis from 1 to 3 once, found {1, 3, 3}$",
    message(function() nn.Permute { 1, 3, 3 } end))
end)

it("groups and shared axes that are none are refused", function()
  assert.matches("^GroupNormalization: groups must be at least 1, or %-1, as many as channels",
    message(function() nn.GroupNormalization { 0 } end))
  assert.matches("the channels of its input must be a multiple of groups, found 6 and 32$",
    message(function() network(function(y) return nn.GroupNormalization {}(y) end) end))
  assert.matches("shared_axes are {1, 4}, but a row has shape {8, 7, 6}$", message(function()
    network(function(y) return nn.PReLU { shared_axes = { 1, 4 } }(y) end)
  end))
end)

it("windows that cannot be are refused", function()
  for _, make in ipairs {
    function(o) return nn.Conv2D { 3, 2, strides = o.strides, dilation_rate = o.dilation_rate } end,
    function(o) return nn.DepthwiseConv2D { 2, o.strides, dilation_rate = o.dilation_rate } end,
    function(o)
      return nn.SeparableConv2D { 3, 2, o.strides, dilation_rate = o.dilation_rate }
    end,
    function(o)
      return nn.Conv2DTranspose { 3, 2, o.strides, dilation_rate = o.dilation_rate }
    end,
  } do
    assert.matches("2D%w*: strides and dilation_rate cannot both be more than 1, found {2, 2} " ..
      "and {1, 3}$", message(function() make { strides = 2, dilation_rate = { 1, 3 } } end))
    make { strides = 2, dilation_rate = 1 }
  end
  assert.matches("unknown option 'output_padding': the size of the output follows",
    message(function() nn.Conv2DTranspose { 3, 2, output_padding = 1 } end))
  assert.matches("unknown option 'filters': use depth_multiplier",
    message(function() nn.DepthwiseConv2D { 3, filters = 2 } end))
end)
