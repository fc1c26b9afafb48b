-- The style of all pictures: colours, sizes, ticks and numbers. Lengths are in pixels.
local plain = require("digits.show").plain

local style = {
  title = 17, label = 15, small = 14, tiny = 12, -- font sizes
  ink = "#222222", soft = "#767676", faint = "#c4c4c4", grid = "#e8e8e8",
  -- for series: Okabe and Ito's colours without yellow, which is hard to see on white
  colours = { "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000" },
  points = { 7, 5, 9, 13, 11, 15, 6 },          -- gnuplot's: disc, square, triangle ...
  dashes = { "1", "(9,4)", "(3,3)", "(12,4,3,4)", "(5,5)", "(2,4)", "1" },
  wrong = "#D55E00",
}

function style.colour(i) return style.colours[(i - 1) % #style.colours + 1] end

-- When the colours repeat, points and dashes are different ones.
local function shifted(list, i)
  return list[(i - 1 + (i - 1) // #style.colours) % #list + 1]
end

function style.point(i) return shifted(style.points, i) end
function style.dash(i) return shifted(style.dashes, i) end

-- ---- text ----

-- Makes a text that fonts and XML allow: valid UTF-8 without control characters other than "\n",
-- and without U+FFFE and U+FFFF.
function style.clean(text)
  text = plain(text)
  if not utf8.len(text) then text = text:gsub("[\128-\255]", "?") end
  return (text:gsub("\r\n?", "\n"):gsub("\t", " "):gsub("[%z\1-\9\11-\31\127]", "")
    :gsub("\xEF\xBF[\xBE\xBF]", ""))
end

local function letter_width(code)
  local letter = code < 128 and string.char(code) or ""
  return letter:find "[il.,:;'|!%[%]() ]" and 0.34 or letter:find "[%uwm%%@]" and 0.84
    or code >= 0x2E80 and 1.05 or 0.61
end

-- An estimate of the width of a line, rather too great than too small.
function style.width(text, size)
  local sum = 0
  for _, code in utf8.codes(style.clean(text)) do sum = sum + letter_width(code) end
  return sum * size
end

-- Breaks a text at spaces and "\n" into lines no wider than `width`.
function style.wrap(text, size, width)
  local lines = {}
  for paragraph in (style.clean(text) .. "\n"):gmatch "(.-)\n" do
    local line = ""
    for word in paragraph:gmatch "%S+" do
      local longer = line == "" and word or line .. " " .. word
      if line ~= "" and style.width(longer, size) > width then
        lines[#lines + 1] = line
        line = word
      else
        line = longer
      end
    end
    lines[#lines + 1] = line
  end
  return lines
end

-- The text, cut to `width` with "…" at its end if it is too long.
function style.cut(text, size, width)
  text = style.clean(text):gsub("\n", " ")
  if style.width(text, size) <= width then return text end
  local sum, last = 0, 0 -- the first letter is always kept
  for at, code in utf8.codes(text) do
    sum = sum + letter_width(code) * size
    if at > 1 and sum > width - size then break end
    last = at
  end
  return text:sub(1, utf8.offset(text, 2, last) - 1) .. "…"
end

-- The text as exactly `columns` characters: cut, with `mark` at its end, or padded on the left.
function style.fit(text, columns, mark)
  text = style.clean(text):gsub("\n", " ")
  if utf8.len(text) > columns then
    text = text:sub(1, utf8.offset(text, columns + 1 - utf8.len(mark)) - 1) .. mark
  end
  return (" "):rep(columns - utf8.len(text)) .. text
end

-- The width of the widest of some texts, or ticks { position, text }.
function style.widest(texts)
  local most = 0
  for _, text in ipairs(texts) do
    most = math.max(most, style.width(type(text) == "table" and text[2] or text, style.small))
  end
  return most
end

-- ---- numbers ----

function style.finite(x)
  return x == x and x ~= math.huge and x ~= -math.huge
end

-- The least and the greatest finite number in some lists; nil if there are none.
function style.bounds(...)
  local low, high
  for _, list in ipairs { ... } do
    for _, x in ipairs(list) do
      if style.finite(x) then
        low, high = low and math.min(low, x) or x, high and math.max(high, x) or x
      end
    end
  end
  return low, high
end

-- A number for people to read: 0.001, 12.5, 1 000 000, 1e-05.
function style.number(x)
  if x ~= x then return "nan" end
  if math.type(x) == "integer" or x == math.floor(x) and math.abs(x) < 1e15 then
    local digits = ("%.0f"):format(x)
    if math.abs(x) < 10000 then return (digits:gsub("-", "−")) end
    local rest = digits:reverse():gsub("(%d%d%d)", "%1 "):reverse()
    return (rest:gsub("^ ", ""):gsub("^- ?", "−"))
  end
  return (("%.4g"):format(x):gsub("-", "−"))
end

-- 1, 2 or 5 times a power of ten, at least `x`.
local function round_step(x)
  local power = 10.0 ^ math.floor(math.log(x, 10) + 1e-9)
  for _, factor in ipairs { 1, 2, 5 } do
    if factor * power >= x * (1 - 1e-9) then return factor * power end
  end
  return 10 * power
end

local function decimals_of(step)
  return math.max(0, math.ceil(-math.log(step, 10) - 1e-9))
end

-- About `count` ticks { position, text } from low to high; `whole`: at whole numbers only.
function style.ticks(low, high, count, whole)
  local step = round_step((high - low) / count)
  local finer = round_step(step / 2.6)
  local function off(one) return math.abs(math.log(((high - low) / one + 0.5) / count)) end
  if off(finer) <= off(step) then step = finer end
  if whole then step = math.max(1, step) end
  local ticks, decimals = {}, decimals_of(step)
  local most = math.max(math.abs(low), math.abs(high))
  local format = "%." .. decimals .. "f"
  if most < 1e-3 or most >= 1e15 then -- enough digits to distinguish neighbours
    format = ("%%.%dg"):format(math.max(4, math.ceil(math.log(most / step, 10)) + 1))
  end
  local natural = decimals == 0 and most < 1e15
  for k = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    local at = k * step
    ticks[#ticks + 1] = { at, natural and style.number(math.floor(at + 0.5))
      or (format:format(at):gsub("-", "−")) }
  end
  return ticks
end

-- Ticks for a logarithmic axis.
function style.log_ticks(low, high)
  local ticks = {}
  local first, last = math.floor(math.log(low, 10) + 1e-9), math.ceil(math.log(high, 10) - 1e-9)
  local skip = math.max(1, math.ceil((last - first) / 7))
  local factors = last - first <= 2 and { 1, 2, 5 } or { 1 }
  for power = first, last, skip do
    for _, factor in ipairs(factors) do
      local at = factor * 10.0 ^ power
      if at >= low * (1 - 1e-9) and at <= high * (1 + 1e-9) then
        ticks[#ticks + 1] = { at, at < 1e6 and style.number(at) or ("%.4g"):format(at) }
      end
    end
  end
  return #ticks > 1 and ticks or style.ticks(low, high, 4)
end

-- A range around positive numbers with some margin, for a logarithmic axis.
function style.padded_log(low, high, share)
  low, high = math.log(low, 10), math.log(high, 10)
  local room = low == high and 0.5 or share * (high - low)
  return 10.0 ^ math.max(low - room, -307), 10.0 ^ math.min(high + room, 308)
end

-- A range around numbers with some margin, for an axis.
function style.padded(low, high, share)
  if not low then return 0.0, 1.0 end
  if low == high then
    local half = low == 0 and 1 or math.abs(low) / 2
    return low - half, high + half
  end
  local room = (share or 0.05) * (high - low)
  return low - room, high + room
end

return style
