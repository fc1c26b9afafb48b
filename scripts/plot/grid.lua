-- plot.grid: pictures side by side.
local picture = require "digits.plot.picture"
local plot = require "digits.plot.define"

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

local function draw(options)
  local pictures = options.pictures
  local columns = math.min(options.columns, #pictures)
  local down = math.ceil(#pictures / columns)
  local function column(i) return (i - 1) % columns + 1 end
  local function row(i) return (i - 1) // columns + 1 end
  local lefts, width = shares(pictures, columns, column, "width")
  local tops, height = shares(pictures, down, row, "height")
  return {
    width = math.min(width, 10000), height = math.min(height + (options.title and 34 or 0), 10000),
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

return plot.define({
  name = "grid", doc = "Pictures side by side.",
  params = {
    { "pictures", "list", of = "picture", rest = true, required = true, doc = "row by row" },
    { "columns", "integer", low = 1, default = 2, doc = "pictures in a row" },
  },
  example = "plot.grid { plot.history(a), plot.history(b) }:save \"both.svg\"",
}, draw)
