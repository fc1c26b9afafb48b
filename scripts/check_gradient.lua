-- nn.check_gradient: the gradients of a network's weights against differences of its loss.
local core = require "digits.core"
local internals = core.internals

-- A difference of fourth order over steps of this size, of a loss that is exact to about 1e-7, is
-- exact to about 1e-5.
local STEP = 1 / 64

-- Copies of the weights, which are put back when the value is closed.
local function kept_weights(model)
  local weights = model:weights()
  return setmetatable(weights, { __close = function() model:set_weights(weights) end })
end

local function norm(tensor)
  return math.sqrt((tensor * tensor):sum())
end

-- The derivative of the loss in the direction, along which the weight `name` is moved.
local function difference(loss, model, name, weight, direction)
  local function at(distance)
    model:set_weights { [name] = weight + direction * distance }
    return loss()
  end
  local near, far = at(STEP) - at(-STEP), at(2 * STEP) - at(-2 * STEP)
  model:set_weights { [name] = weight }
  return (8 * near - far) / (12 * STEP)
end

-- Along the gradient, where the loss changes most, and another way, as it may lack numbers.
local function directions_of(gradient, seed)
  local other = core.normal { seed = seed, table.unpack(gradient.shape) }
  local directions = { other / norm(other) }
  if norm(gradient) > 0 then directions[2] = gradient / norm(gradient) end
  return directions
end

-- Whether an error is greater than another; NaN is the greatest.
local function is_worse(one, other)
  return one > other or one ~= one
end

local function check_weight(loss, model, name, weight, gradient, seed)
  local worst
  for _, direction in ipairs(directions_of(gradient, seed)) do
    local found, expected = (gradient * direction):sum(),
      difference(loss, model, name, weight, direction)
    local off = math.abs(found - expected) / (norm(gradient) + 1e-3)
    if not worst or is_worse(off, worst.error) then
      worst = { weight = name, gradient = found, difference = expected, error = off }
    end
  end
  return worst
end

local Report = { __name = "gradient check" }

function Report.__tostring(report)
  local lines = { ("%-32s %14s %14s %10s"):format("weight", "by gradient", "by difference",
    "error") }
  for i, row in ipairs(report) do
    lines[i + 1] = ("%-32s %14.6g %14.6g %10.2g"):format(row.weight, row.gradient, row.difference,
      row.error)
  end
  return table.concat(lines, "\n")
end

local function check_gradient(model, x, y, options)
  if not internals.is_model(model) or not pcall(function() return model.gradients end) then
    internals.raise("check_gradient: model must be a network, found " .. internals.found(model))
  end
  local set = y and core.data.from_tensors { x = x, y = y } or x
  local seed = options.seed or core.seed()
  local function loss()
    return select(2, model:gradients(set, { seed = seed }))
  end
  local gradients, report = model:gradients(set, { seed = seed }), { error = 0 }
  local weights <close> = kept_weights(model)
  for i, name in ipairs(weights) do
    if gradients[name] then
      local row = check_weight(loss, model, name, weights[name], gradients[name], seed + i)
      report[#report + 1] = row
      if is_worse(row.error, report.error) then report.error = row.error end
    end
  end
  return setmetatable(report, Report)
end

return internals.define({
  path = "nn.check_gradient", arguments = 3,
  params = {
    { "model", "model", required = true, doc = "a compiled network" },
    { "x", { "tensor", "dataset" }, required = true, doc = "a few rows; or a set, without y" },
    { "y", "tensor", doc = "their labels or numbers" },
    { "seed", "seed", doc = "for layers that are random, such as Dropout; nil: digits.seed()" },
  },
  doc = [[
Compares the gradients of a network's weights with differences of its loss. Each weight is moved by
1/64 and 1/32 both ways, along its gradient and along a random direction; the model is the same
again afterwards. Returns a table, which prints itself: a row for each weight that is trained, with
its name, weight; the derivative of the loss by its gradient and by differences, gradient and
difference, in the direction where they differ more; and error, their distance over the length of
the gradient plus 1e-3. The field error is the largest of all. It is about 1e-3 in smooth networks,
and more where a weight moves past a kink, of relu or max-pooling; a wrong gradient has about 1.]],
  example = "print(nn.check_gradient(cnn, train.x[{ { 1, 8 } }], train.y[{ { 1, 8 } }]))",
}, check_gradient)
