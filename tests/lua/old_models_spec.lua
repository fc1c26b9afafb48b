-- Model files of earlier versions: each is read for ever, and predicts what it did. Its content is
-- kept bit by bit; what is computed from it has the same bits on one kind of processor and build.
local digits = require "digits"
local support = require "tests.lua.support"

-- As tests/golden/make_old_models.lua made them.
local rows = ((digits.range(0, 640) * 7) % 17):astype("float32"):reshape { 40, 4, 4, 1 } / 16
local FILES = { models_1 = { "network", "regression", "forest", "boosting", "tree" } }

local function expected(path)
  local values = {}
  for line in io.lines(path) do values[#values + 1] = tonumber(line) end
  return values
end

local function outputs(model, named)
  return (named and model:predict_proba(rows) or model:predict(rows)):reshape { -1 }:totable()
end

-- The header, without the version of the program, and the data of a safetensors file.
local function content(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  local header, data = ("<s8"):unpack(text)
  return header:gsub("digits%-lua [%d.]+", ""):gsub(" +$", ""), text:sub(data)
end

local function farthest(a, b)
  local most = 0
  for i = 1, #b do most = math.max(most, math.abs(a[i] - b[i]) / (1 + math.abs(b[i]))) end
  return #a == #b and most or math.huge
end

describe("a model file of an earlier version", function()
  for folder, names in pairs(FILES) do
    for _, name in ipairs(names) do
      it("predicts what it did: " .. folder .. "/" .. name, function()
        local path = "tests/golden/" .. folder .. "/" .. name
        local model = digits.load(path .. ".safetensors")
        local named = name ~= "regression" and name ~= "tree"
        local wanted = expected(path .. ".txt")
        assert.is_true(#wanted == (named and 120 or 40))
        local found = outputs(model, named)
        assert.is_true(farthest(found, wanted) < 1e-6)
        assert.are.same(named and { "a", "b", "c" } or nil, model.class_names)
        -- and so when this version has written it, which writes the same
        local own = support.folder()
        finally(function() support.remove(own) end)
        model:save(own .. "/again.safetensors")
        assert.are.same(found, outputs(digits.load(own .. "/again.safetensors"), named))
        assert.are.same({ content(path .. ".safetensors") },
          { content(own .. "/again.safetensors") })
      end)
    end
  end
end)
