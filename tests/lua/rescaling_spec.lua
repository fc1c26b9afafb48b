-- What a network makes of bytes, wherever nn.Rescaling stands: against the same network without it,
-- which is given the numbers that it should see.
local digits = require "digits"
local support = require "tests.lua.support"
local data, nn = digits.data, digits.nn
local message = support.message

local bytes = (digits.uniform { 40, 6, 6, 1, seed = 1 } * 255.9):astype "uint8"
local labels = digits.range { 0, 40 } % 3
local scaled, shifted = bytes / 255, bytes:astype "float32" / 127.5 - 1

local function rescaling()
  return nn.Rescaling { 1 / 127.5, offset = -1 }
end

local function head()
  return nn.Dense { 3, activation = "softmax", name = "head" }
end

-- Layers, then nn.Flatten and a Dense layer with the same first weights in all networks.
local function network(layers)
  local all = { nn.Input { 6, 6, 1 }, seed = 1 }
  for _, layer in ipairs(layers) do all[#all + 1] = layer end
  all[#all + 1] = nn.Flatten {}
  all[#all + 1] = head()
  local model = nn.Sequential(all)
  model:compile { optimizer = nn.SGD { 0.1 }, loss = "categorical_crossentropy" }
  return model
end

local function expect_same(what, a, b)
  local off = (a - b):abs():max()
  if off ~= off or off >= 2e-6 then error(("%s: off by %g"):format(what, off), 2) end
end

-- Each network with a Rescaling (the first function's), and what it should be given as.
local places = {
  { "first", function(r) return { r } end },
  { "after Reshape", function(r) return { nn.Reshape { 36 }, r } end },
  { "after Flatten", function(r) return { nn.Flatten {}, r } end },
  { "after Reshape and Flatten", function(r)
    return { nn.Reshape { 3, 12, 1 }, nn.Flatten {}, r }
  end },
  { "after Dropout", function(r) return { nn.Dropout { 1e-9 }, r } end },
  { "after MaxPooling2D", function(r) return { nn.MaxPooling2D { { 2, 2 } }, r } end },
  { "after AveragePooling2D", function(r) return { nn.AveragePooling2D { { 2, 2 } }, r } end },
  { "after GlobalMaxPooling2D", function(r) return { nn.GlobalMaxPooling2D {}, r } end },
  { "after GlobalAveragePooling2D", function(r) return { nn.GlobalAveragePooling2D {}, r } end },
  { "after Permute", function(r) return { nn.Permute { 2, 1, 3 }, r } end },
  { "after Cropping2D", function(r) return { nn.Cropping2D { 1 }, r } end },
  { "after UpSampling2D", function(r)
    return { nn.UpSampling2D { 2, interpolation = "bilinear" }, r }
  end },
  { "after SpatialDropout2D", function(r) return { nn.SpatialDropout2D { 1e-9 }, r } end },
  { "after GaussianNoise", function(r) return { nn.GaussianNoise { 1e-9 }, r } end },
  { "after Dropout, Flatten", function(r) return { nn.Dropout { 1e-9 }, nn.Flatten {}, r } end },
}

describe("Rescaling sees bytes as they are", function()
  for _, place in ipairs(places) do
    it(place[1], function()
      local with, without = network(place[2](rescaling())), network(place[2]())
      assert.is_true(with:weights()["head.kernel"] == without:weights()["head.kernel"])
      expect_same("bytes", with:predict_proba(bytes), without:predict_proba(shifted))
      expect_same("floats", with:predict_proba(scaled), without:predict_proba(scaled / 127.5 - 1))
      with:fit(bytes, labels, { verbose = 0, epochs = 2, batch_size = 9, seed = 3 })
      without:fit(shifted, labels, { verbose = 0, epochs = 2, batch_size = 9, seed = 3 })
      expect_same("weights", with:weights()["head.kernel"], without:weights()["head.kernel"])
      expect_same("after a fit", with:predict_proba(bytes), without:predict_proba(shifted))
      assert.is_near(without:evaluate(shifted, labels).loss, with:evaluate(bytes, labels).loss,
        2e-6)
      local set, floats = data.from_tensors { x = bytes, y = labels },
        data.from_tensors { x = shifted, y = labels }
      expect_same("gradients", with:gradients(set, { seed = 1 })["head.kernel"],
        without:gradients(floats, { seed = 1 })["head.kernel"])
      expect_same("features", with:features(bytes, "head"), without:features(shifted, "head"))
    end)
  end
end)

describe("after a layer that computes", function()
  it("Rescaling takes what that gives, and bytes reach that as value / 255", function()
    local model = network { nn.Conv2D { 2, { 3, 3 } }, rescaling() }
    expect_same("bytes", model:predict_proba(bytes), model:predict_proba(scaled))
    model = network { nn.Activation { "linear" }, rescaling() }
    expect_same("bytes", model:predict_proba(bytes), model:predict_proba(scaled))
  end)
end)

describe("made for bytes, after a layer that computes", function()
  it("is doubted by fit, where the data are bytes that were scaled before", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local _, err, status = support.run(folder, [[
      local digits = require "digits"
      local nn = digits.nn
      local bytes, labels = digits.ones { 12, 6, 6, 1, dtype = "uint8" }, digits.range(12) % 3
      local function fit(x, ...)
        local model = nn.Sequential { nn.Input { 6, 6, 1 }, ... }
        model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
        model:fit(x, labels, { verbose = 0 })
      end
      local function last() return nn.Dense { 3, activation = "softmax" } end
      local relu, flat = nn.Activation { "relu" }, nn.Flatten {}
      fit(bytes, relu, nn.Rescaling { 0.5 }, flat, last()) -- which has another use
      fit(bytes, nn.Rescaling { 1 / 255 }, relu, nn.Rescaling { 1 / 255 }, flat, last())
      fit(bytes:astype "float32", relu, nn.Rescaling { 1 / 255 }, flat, last())
      io.stderr:write "now\n"
      fit(bytes, relu, nn.Rescaling { 1 / 127.5, offset = -1, name = "late" }, flat, last())
    ]])
    assert.are.equal(0, status)
    assert.matches("^now\ndigits%-lua: warning: [^\n]*fit: the Rescaling 'late' %(scale " ..
      "0.00784314%) comes after layers that compute, which were given the bytes as value / 255 " ..
      "already: move it to right after the Input, or leave it out\n$", err)
  end)
end)

describe("branches", function()
  local function branches(first, second)
    local x = nn.Input { 6, 6, 1 }
    local flat = nn.Flatten {}(x)
    local a = nn.Dense { 3, name = "a" }(first and rescaling()(flat) or flat)
    local b = nn.Dense { 3, name = "b" }(second and nn.Rescaling { 2, name = "two" }(flat) or flat)
    return nn.Model { inputs = x, outputs = nn.Activation { "softmax" } (nn.Add {} { a, b }),
      seed = 1 }
  end

  it("may each have one, or none", function()
    local w = branches(true, true):weights()
    local x = bytes:astype "float32":reshape { 40, 36 }
    local sum = (x / 127.5 - 1):matmul(w["a.kernel"]) + (x * 2):matmul(w["b.kernel"])
    local top = sum:argmax { axis = 2 }
    assert.is_true(branches(true, true):predict_proba(bytes):argmax { axis = 2 } == top)
    local plain = branches(false, false)
    expect_same("none", plain:predict_proba(bytes), plain:predict_proba(scaled))
  end)

  it("are refused where one has it and another has not", function()
    assert.are.equal("Model: the Input feeds the Rescaling 'rescaling', but also 'b', which " ..
      "has no Rescaling before it: bytes cannot have the right scale for both; put one " ..
      "Rescaling before the branches, or one on each", message(function()
        branches(true, false)
      end))
    assert.matches("feeds the Rescaling 'two', but also 'a'", message(function()
      branches(false, true)
    end))
    assert.matches("but also 'add'", message(function()
      local x = nn.Input { 4 }
      nn.Model { inputs = x, outputs = nn.Add {} { x, nn.Rescaling { 2 }(x) } }
    end))
  end)

  it("may go apart after it", function()
    local x = nn.Input { 36 }
    local r = rescaling()(x)
    local model = nn.Model { inputs = x, outputs = nn.Add {} { r, nn.Activation { "relu" }(r) } }
    local y = shifted:reshape { 40, 36 }
    expect_same("both", model:predict_proba(bytes), y + y * y:gt(0))
  end)
end)

describe("a file", function()
  it("keeps how bytes are read, and old files mean what they meant", function()
    local folder = support.folder()
    finally(function() support.remove(folder) end)
    local path = folder .. "/a.safetensors"
    for _, case in ipairs { { "raw", rescaling() }, { "scaled", nn.Activation { "linear" } } } do
      local model = network { nn.Reshape { 36 }, case[2] }
      model:save(path)
      assert.is_true(digits.load(path):predict_proba(bytes) == model:predict_proba(bytes))
      local text, count = support.read(path):gsub('bytes(\\":\\"' .. case[1] .. ')', "bytez%1")
      assert.are.equal(1, count)
      support.write(path, text) -- as if written before: then Rescaling had to be the first layer
      local old = digits.load(path)
      assert.is_true(old:predict_proba(bytes) == model:predict_proba(scaled))
      old:save(path)
      assert.is_true(digits.load(path):predict_proba(bytes) == model:predict_proba(scaled))
    end
    local model = network { rescaling() }
    model:save(path)
    support.write(path, (support.read(path):gsub('bytes(\\":\\"raw)', "bytez%1")))
    assert.is_true(digits.load(path):predict_proba(bytes) == model:predict_proba(bytes))
    model:save(path)
    support.write(path, (support.read(path):gsub('bytes\\":\\"raw', 'bytes\\":\\"rew')))
    assert.matches("'bytes' must be \"raw\" or \"scaled\"", message(function()
      digits.load(path)
    end))
  end)
end)
