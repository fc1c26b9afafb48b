-- plot.grid: pictures side by side.
local check = require "digits.plot.check"
local picture = require "digits.plot.picture"

local NAME = "grid"

-- The widths of columns, or the heights of rows, as shares of their sum.
local function shares(pictures, count, place, side)
  local most, sum = {}, 0
  for i = 1, count do most[i] = 0 end
  for i, one in ipairs(pictures) do
    local at = place(i)
    most[at] = math.max(most[at], one[side])
  end
  for i = 1, count do sum = sum + most[i] end
  local starts, at = {}, 0
  for i = 1, count do
    starts[i] = at / sum
    at = at + most[i]
  end
  starts[count + 1] = 1
  return starts, sum
end

return function(options)
  options = check.options(NAME, options, { columns = "number" }, true)
  local pictures = {}
  for i, one in ipairs(options) do
    if not picture.is(one) then
      check.fail(NAME, "value %d must be a picture, found %s", i, check.found(one))
    end
    pictures[i] = one
  end
  if #pictures == 0 then check.fail(NAME, "there is no picture in the grid") end
  local columns = options.columns or math.min(2, #pictures)
  if math.type(columns) ~= "integer" or columns < 1 then
    check.fail(NAME, "columns must be a whole number of at least 1, found %s", check.found(columns))
  end
  columns = math.min(columns, #pictures)
  local down = math.ceil(#pictures / columns)
  local function column(i) return (i - 1) % columns + 1 end
  local function row(i) return (i - 1) // columns + 1 end
  local lefts, width = shares(pictures, columns, column, "width")
  local tops, height = shares(pictures, down, row, "height")
  return picture.new {
    kind = NAME, title = options.title,
    width = options.width or math.min(width, 10000),
    height = options.height or math.min(height + (options.title and 34 or 0), 10000),
    layout = function(w, h)
      local placed, texts = {}, {}
      for i, one in ipairs(pictures) do
        local x, y = lefts[column(i)] * w, tops[row(i)] * h
        local wide, high = lefts[column(i) + 1] * w - x, tops[row(i) + 1] * h - y
        local inner, more = picture.place(one, wide, high)
        for _, entry in ipairs(inner) do
          entry[2].x, entry[2].y = entry[2].x + x, entry[2].y + y
          placed[#placed + 1] = entry
        end
        for _, text in ipairs(more) do
          text.x, text.y = text.x + x, text.y + y
          texts[#texts + 1] = text
        end
      end
      return placed, texts
    end,
    terminal = function(terminal_columns, colours)
      local parts = {}
      for i, one in ipairs(pictures) do
        parts[i] = picture.text(one, terminal_columns, colours)
      end
      return table.concat(parts, "\n")
    end,
  }
end
