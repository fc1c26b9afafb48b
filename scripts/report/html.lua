-- Pieces of HTML; all escaping of text is done here.
local plain = require("digits.show").plain

local html = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

-- Escapes text, and makes it valid UTF-8 without control characters.
function html.escape(text)
  text = plain(text)
  if not utf8.len(text) then text = text:gsub("[\128-\255]", "?") end
  return (text:gsub("[%z\1-\8\11-\31\127]", ""):gsub('[&<>"]', ESCAPES))
end

local KEPT = "\u{a0}" -- a no-break space

-- Text with line breaks and repeated spaces replaced by single spaces.
function html.flat(text)
  return (plain(text):gsub("%s+", " "))
end

-- Escaped text, in which `...` is code. Lines do not break between a number and its unit or sign.
function html.prose(text)
  return (html.escape(html.flat(text)):gsub("`([^`]+)`", "<code>%1</code>")
    :gsub("(%d) (%%)", "%1" .. KEPT .. "%2"):gsub("± (%d)", "±" .. KEPT .. "%1")
    :gsub("(%d) (min)%f[%W]", "%1" .. KEPT .. "%2"):gsub("(%d) (s)%f[%W]", "%1" .. KEPT .. "%2")
    :gsub("p (&lt;) ", "p" .. KEPT .. "%1" .. KEPT)
    :gsub("p = (%d)", "p" .. KEPT .. "=" .. KEPT .. "%1"))
end

-- The id of an element, made from its title.
function html.anchor(text)
  return (plain(text):lower():gsub("[^%w]+", "-"):gsub("^%-+", ""):gsub("%-+$", ""))
end

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function html.base64(bytes)
  local letters = {}
  for i = 0, 63 do letters[i] = LETTERS:sub(i + 1, i + 1) end
  local groups = bytes:gsub("..?.?", function(group)
    local a, b, c = group:byte(1, 3)
    local word = a << 16 | (b or 0) << 8 | (c or 0)
    return letters[word >> 18] .. letters[word >> 12 & 63] .. (b and letters[word >> 6 & 63] or "=")
      .. (c and letters[word & 63] or "=")
  end)
  return groups
end

return html
