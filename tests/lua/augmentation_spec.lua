local digits = require "digits"
local nn = digits.nn

local golden = dofile "tests/golden/augmentation.lua" -- by make_augmentation.py

-- What the layers make of x in training.
local function augmented(layers, x, options)
  local shape = { table.unpack(x.shape, 2) }
  local model = nn.Sequential { nn.Input(shape), table.unpack(layers) }
  return model:features(x, { training = true, seed = options and options.seed or 1 })
end

local function message(f, ...)
  local ok, text = pcall(f, ...)
  assert.is_false(ok)
  return (text:gsub("^.-:%d+: ", ""))
end

-- Images whose values are their columns, and lines.
local function columns(rows, height, width)
  local x = {}
  for i = 1, rows * height * width do x[i] = (i - 1) % width end
  return digits.tensor(x):reshape { rows, height, width, 1 }:astype "float32"
end

describe("layers that warp images", function()
  it("do as Keras's with the same factors, one by one and composed", function()
    local x = digits.tensor(golden.x):reshape(golden.shape)
    for _, case in ipairs(golden.cases) do
      local layers = load("local nn = ... return { " .. case.layers .. " }")(nn)
      local function off(image, values)
        return (image:reshape { -1 } - digits.tensor(values)):abs():max()
      end
      local rows = {}
      for i = 1, case.other and 20 or 1 do rows[i] = x end
      local found, ways = augmented(layers, digits.concat(rows)), { 0, 0 }
      for i = 1, #rows do
        local least = off(found[i], case.y)
        local second = case.other and off(found[i], case.other) or 1
        ways[least < second and 1 or 2] = ways[least < second and 1 or 2] + 1
        least = math.min(least, second)
        assert.is_true(least < 4e-6, case.layers .. ": off by " .. least)
      end
      if case.other then assert.is_true(ways[1] > 3 and ways[2] > 3) end
    end
  end)

  -- The image, mirrored, as a tensor.
  local function mirrored(image, mode)
    local height, width = image.shape[1], image.shape[2]
    local out = digits.zeros(image.shape)
    for i = 1, height do
      for j = 1, width do
        local from = { mode == "horizontal" and i or height + 1 - i,
          mode == "vertical" and j or width + 1 - j }
        out[i][j] = image[from[1]][from[2]]
      end
    end
    return out
  end

  it("flip half of the images, exactly, alone and among others", function()
    local x = digits.uniform { 100, 5, 6, 2, seed = 8 }
    for _, mode in ipairs { "horizontal", "vertical", "horizontal_and_vertical" } do
      local flip, none = nn.RandomFlip(mode), nn.RandomZoom { 0, fill_mode = "constant" }
      for _, layers in ipairs { { flip }, { none, flip, none } } do
        local found, flipped = augmented(layers, x), 0
        for i = 1, 100 do
          if found[i] ~= x[i] then
            flipped = flipped + 1
            assert.is_true(found[i] == mirrored(x[i], mode), mode)
          end
        end
        assert.is_true(flipped > 28 and flipped < 72, mode .. flipped)
      end
    end
  end)

  it("are sampled one by one where they sample differently", function()
    local x = digits.tensor(golden.x):reshape(golden.shape)
    local a = nn.RandomRotation { { 0.1, 0.1 }, fill_mode = "wrap" }
    local b = nn.RandomZoom { { 0.2, 0.2 }, fill_mode = "reflect" }
    local c = nn.RandomZoom { { 0.2, 0.2 }, fill_mode = "wrap" }
    assert.is_true(augmented({ a, b }, x) == augmented({ b }, augmented({ a }, x)))
    assert.is_false(augmented({ a, c }, x) == augmented({ c }, augmented({ a }, x)))
  end)

  it("leave images as they are where nothing is to be changed", function()
    local x = digits.uniform { 5, 9, 70, 3, low = -1, seed = 2 }
    for _, mode in ipairs { "reflect", "wrap", "constant", "nearest" } do
      local none = { nn.RandomTranslation { 0, 0, fill_mode = mode },
        nn.RandomRotation { 0, fill_mode = mode }, nn.RandomZoom { 0, fill_mode = mode } }
      assert.is_true(augmented(none, x) == x, mode)
    end
  end)

  it("draw from the whole span, evenly, and for each row anew", function()
    local moved = augmented({ nn.RandomTranslation { 0, { -0.25, 0.125 } } }, columns(4000, 1, 64))
    local shift = (31 - moved[{ {}, 1, 32, 1 }]) -- to the right
    assert.is_true(shift:min() >= -16 and shift:min() < -15.9)
    assert.is_true(shift:max() <= 8 and shift:max() > 7.9)
    assert.is_true(math.abs(shift:mean() + 4) < 0.5) -- 4.6 standard errors
    local spread = ((shift - shift:mean()) * (shift - shift:mean())):mean()
    assert.is_true(math.abs(spread - 24 * 24 / 12) < 4)
    local steps = (shift[{ { 2, 4000 } }] - shift[{ { 1, 3999 } }])
    assert.is_true(math.abs((steps * steps):mean() - 96) < 8) -- no row follows another
  end)

  it("draw by seed, step and row: the same for any threads and number of rows", function()
    local layers = { nn.RandomRotation { 0.2 }, nn.RandomZoom { 0.3, 0.1 },
      nn.RandomTranslation { 0.2, 0.2, fill_mode = "constant" } }
    local x = digits.uniform { 150, 12, 13, 2, seed = 3 }
    local threads = digits.threads()
    digits.threads(1)
    local one = augmented(layers, x)
    digits.threads(2)
    local two = augmented(layers, x)
    digits.threads(threads)
    assert.is_true(one == two)
    assert.is_true(augmented(layers, x[{ { 1, 3 } }]) == one[{ { 1, 3 } }])
    assert.is_false(augmented(layers, x, { seed = 2 }) == one)
    local same = digits.uniform { 1, 12, 13, 2, seed = 3 }
    local rows = {}
    for i = 1, 64 do rows[i] = same end
    local batches = augmented(layers, digits.concat(rows))
    for i = 2, 64 do assert.is_false(batches[i] == batches[1], i) end -- 33: the next batch's first
    assert.is_false(augmented({ nn.RandomRotation { 0.2, seed = 5 } }, x) ==
      augmented({ nn.RandomRotation { 0.2, seed = 6 } }, x))
  end)
end)

describe("RandomErasing", function()
  it("erases as often as Keras's, and with the same noise", function()
    local ones = digits.zeros { 20000, 5, 6, 1 } + 1
    local options = { { 0.2, 0.9 }, { 0.1, 0.6 }, fill_value = 0 }
    local gone = augmented({ nn.RandomErasing(options) }, ones):eq(0):astype "float32"
    local often = gone:mean { axis = 1 }:reshape { -1 }
    -- both are means of 20 000: 4.5 standard errors of the difference are at most 0.0225
    assert.is_true((often - digits.tensor(golden.erased.often)):abs():max() < 0.0225)
    local noise = augmented({ nn.RandomErasing { { 0.2, 0.9 }, { 0.1, 0.6 } } }, ones)
    local count = noise:lt(1):astype "float32":sum()
    local mean = (noise:sum() - noise:ge(1):astype "float32":sum()) / count
    local square = ((noise * noise):sum() - noise:ge(1):astype "float32":sum()) / count
    assert.is_true(math.abs(mean - golden.erased.mean) < 0.01)
    assert.is_true(math.abs(square - golden.erased.square) < 0.01)
  end)

  it("leaves all else, fills with a value, and draws by row", function()
    local x = digits.uniform { 40, 9, 8, 2, low = 0.1, seed = 2 }
    local square = { (3 / 9) ^ 2, (3 / 9) ^ 2 } -- Cutout
    local found = augmented({ nn.RandomErasing { { 1, 1 }, square, fill_value = 0.05 } }, x)
    local gone = found:ne(x)
    local values = (found * gone:astype "float32"):sum()
    assert.is_true(math.abs(values - 0.05 * gone:sum()) < 1e-3)
    for i = 1, 40 do
      local erased = gone[i]:sum() / 2
      assert.is_true(erased == 3 * 2 or erased == 3 * 3, erased) -- 8 / 3 columns are 2 or 3
    end
    assert.is_true(augmented({ nn.RandomErasing { 0 } }, x) == x)
    local threads = digits.threads()
    digits.threads(1)
    local one = augmented({ nn.RandomErasing {} }, x)
    digits.threads(2)
    assert.is_true(augmented({ nn.RandomErasing {} }, x) == one)
    assert.is_true(augmented({ nn.RandomErasing {} }, x[{ { 1, 7 } }]) == one[{ { 1, 7 } }])
    digits.threads(threads)
  end)
end)

describe("RandomElasticTransform", function()
  it("moves pixels as far as Keras's, and neighbours as much alike", function()
    local rows = 4000
    local x = columns(rows, 10, 12)
    local moved = augmented({ nn.RandomElasticTransform { { 1, 1 }, { 1, 1 },
      fill_mode = "nearest" } }, x) - x
    moved = moved:reshape { rows, 10, 12 }[{ {}, {}, { 4, 9 } }]
    local right = moved[{ {}, {}, { 2, 6 } }] * moved[{ {}, {}, { 1, 5 } }]
    local below = moved[{ {}, { 2, 10 } }] * moved[{ {}, { 1, 9 } }]
    -- 4.5 standard errors of the difference of means of 4000 are 0.021, and less of all pixels
    for name, found in pairs { square = moved * moved, right = right, below = below } do
      local off = found:mean { axis = 1 }:reshape { -1 } - digits.tensor(golden.elastic[name])
      assert.is_true(off:abs():max() < 0.021, name .. " is off by " .. off:abs():max())
      assert.is_true(math.abs(off:mean()) < 0.004, name .. " is off by " .. off:mean())
    end
  end)

  it("draws by row, keeps images that are not chosen, and does not leave their range", function()
    local x = digits.uniform { 40, 9, 8, 2, low = -1, seed = 2 }
    local layers = { nn.RandomElasticTransform { { 0.5, 0.5 } } }
    local threads = digits.threads()
    digits.threads(1)
    local one = augmented(layers, x)
    digits.threads(2)
    assert.is_true(augmented(layers, x) == one)
    digits.threads(threads)
    assert.is_true(augmented(layers, x[{ { 1, 7 } }]) == one[{ { 1, 7 } }])
    local same = 0
    for i = 1, 40 do same = same + (one[i] == x[i] and 1 or 0) end
    assert.is_true(same > 6 and same < 34, same)
    assert.is_true(one:abs():max() <= 1)
    assert.is_true(augmented({ nn.RandomElasticTransform { 1, 0 } }, x) == x)
  end)
end)

describe("RandomCrop", function()
  it("cuts a window at random places, and the centre in prediction", function()
    local x = digits.uniform { 300, 6, 5, 2, seed = 2 }
    local model = nn.Sequential { nn.Input { 6, 5, 2 }, nn.RandomCrop { 4, 4 } }
    assert.is_true(model(x) == x[{ {}, { 2, 5 }, { 1, 4 } }])
    local found, seen, places = model(x, { training = true, seed = 1 }), {}, 0
    for i = 1, 300 do
      local matches = 0
      for top = 1, 3 do
        for left = 1, 2 do
          if found[i] == x[{ i, { top, top + 3 }, { left, left + 3 } }] then
            matches = matches + 1
            if not seen[top * 10 + left] then places = places + 1 end
            seen[top * 10 + left] = true
          end
        end
      end
      assert.are.equal(1, matches)
    end
    assert.are.equal(6, places)
  end)

  it("refuses a window that is larger than the image", function()
    assert.matches("window of 4 x 6 pixels is larger than the image, 6 x 5",
      message(nn.Sequential, { nn.Input { 6, 5, 2 }, nn.RandomCrop { 4, 6 } }))
  end)
end)

describe("augmentation", function()
  local x = digits.uniform { 60, 8, 8, 1, seed = 4 }
  local set = digits.data.from_tensors { x = x,
    y = (x[{ {}, 3, 3, 1 }]:gt(0.5)):astype "int32" }

  local function layers()
    return nn.RandomTranslation { 0.2, 0.1 }, nn.RandomRotation { 0.1 }, nn.RandomZoom { 0.2 },
      nn.RandomErasing {}, nn.RandomShear { 0.1, 0.1 }, nn.RandomFlip {},
      nn.RandomElasticTransform {}
  end

  local function network(after)
    local a, b, c, d, e, f, g = layers()
    local model
    if after then
      model = nn.Sequential { nn.Input { 8, 8, 1 },
        nn.Conv2D { 3, { 3, 3 }, padding = "same", activation = "relu" }, a, b,
        nn.Dropout { 0.2 }, c, d, e, f, g, nn.Flatten {},
        nn.Dense { 2, activation = "softmax" }, seed = 1 }
    else
      model = nn.Sequential { nn.Input { 8, 8, 1 }, a, b, c, d, e, f, g, nn.Flatten {},
        nn.Dense { 2, activation = "softmax" }, seed = 1 }
    end
    return model:compile { optimizer = "adam", loss = "categorical_crossentropy" }
  end

  it("acts in training only", function()
    local model = network()
    local plain = nn.Sequential { nn.Input { 8, 8, 1 }, nn.Flatten {},
      nn.Dense { 2, activation = "softmax" } }
    plain:set_weights(model:weights())
    assert.is_true(model:predict_proba(x) == plain:predict_proba(x))
    assert.is_true(model:features(x, "random_zoom") == x)
    assert.is_false(model:features(x, "random_zoom", { training = true }) == x)
    local copy = nn.Sequential { nn.Input { 8, 8, 1 }, layers() }
    assert.is_true(copy(x) == x)
    assert.is_true(copy(x, { training = true, seed = 7 }) ==
      copy:features(x, -1, { training = true, seed = 7 }))
    assert.is_false(copy(x, { training = true }) == copy(x, { training = true }))
  end)

  for _, after in ipairs { false, true } do
    it("learns the same with one and two threads, and goes on where it stopped" ..
      (after and ", after weights too" or ""), function()
      local threads = digits.threads()
      local one, two = network(after), network(after)
      digits.threads(1)
      one:fit(set, { epochs = 2, batch_size = 16, verbose = 0, seed = 9 })
      digits.threads(2)
      two:fit(set, { epochs = 1, batch_size = 16, verbose = 0, seed = 9 })
      two:fit(set, { epochs = 1, batch_size = 16, verbose = 0, seed = 9 })
      digits.threads(threads)
      for name, weight in pairs(one:weights()) do
        if type(name) == "string" then assert.is_true(two:weights()[name] == weight, name) end
      end
    end)
  end

  it("is saved and loaded", function()
    local path = os.tmpname()
    local model = nn.Sequential { nn.Input { 8, 8, 1 }, layers() }
    model:save(path)
    local again = digits.load(path)
    os.remove(path)
    assert.is_true(again(x, { training = true, seed = 3 }) ==
      model(x, { training = true, seed = 3 }))
  end)

  it("passes bytes on, on their scale", function()
    local bytes = (x * 255):astype "uint8"
    local scaled = nn.Sequential { nn.Input { 8, 8, 1 }, layers() }
    local raw = nn.Sequential { nn.Input { 8, 8, 1 }, nn.RandomZoom { 0.2 },
      nn.Rescaling { 1 / 255 } }
    assert.is_true(scaled(bytes, { training = true }):max() <= 1)
    assert.is_true(raw:features(bytes, 2, { training = true }):max() > 100)
  end)

  it("refuses what it cannot do", function()
    assert.matches("^RandomRotation: factor must be a number from %-1 to 1, or a list of two, " ..
      "found 2$", message(nn.RandomRotation, 2))
    assert.matches("^RandomTranslation: width_factor is required",
      message(nn.RandomTranslation, 0.1))
    assert.matches("fill_mode must be one of 'reflect', .* found 'mirror'",
      message(nn.RandomZoom, { 0.1, fill_mode = "mirror" }))
    assert.matches("needs images {height, width, channels}, found rows with 1 axis",
      message(nn.Sequential, { nn.Input { 5 }, nn.RandomZoom { 0.1 } }))
    assert.matches("data_format", message(nn.RandomZoom, { 0.1, data_format = "channels_last" }))
    assert.are.same({ -0.2, 0.3 }, { table.unpack(nn.RandomZoom { { 0.3, -0.2 } }.height_factor) })
  end)
end)
