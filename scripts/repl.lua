-- The Lua half of the interactive mode: printing of values and completion by Tab.
--
--   repl.start()                 makes the library and its modules globals, and says so
--   repl.chunk(text)             runs a piece of input, see locals.lua
--   repl.show(...)               prints values: tables with their contents, the rest like print
--   repl.format(value)           what show prints for a table
--   repl.complete(word, before)  the completions of `word`, which follows the text `before`: a
--                                sorted list of whole words, or "files" within a string
local locals = require "digits.locals"

local repl = { chunk = locals.chunk }

local function index(value, key)
  return value[key]
end

-- ---- the library's globals ----

-- Does not overwrite the user's globals.
function repl.start()
  local digits = require "digits"
  local names = {}
  local function offer(name, value)
    if rawget(_G, name) == nil then rawset(_G, name, value) end
    names[#names + 1] = name
  end
  offer("digits", digits)
  for _, part in ipairs(require "digits.modules") do
    local ok, value = pcall(index, digits, part)
    if ok and value ~= nil then offer(part, value) end
  end
  offer("help", digits.help)
  print(table.concat(names, ", ", 1, #names - 1) .. " are ready to use; help(x) describes x. "
    .. "Tab completes, Ctrl-C stops, Ctrl-D leaves.")
end

-- ---- printing ----

local WIDTH = 78
local MOST_ITEMS = 40   -- of one table
local MOST_VALUES = 400 -- in all
local MOST_DEPTH = 5
local MOST_BYTES = 200  -- of a string within a table

local function is_name(key)
  return type(key) == "string" and key:find "^[%a_][%w_]*$" and not locals.keywords[key]
end

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quote(text)
  local rest = ""
  if #text > MOST_BYTES then
    local cut = utf8.len(text) and utf8.offset(text, 0, MOST_BYTES + 1) - 1 or MOST_BYTES
    rest = ("... (%d bytes)"):format(#text)
    text = text:sub(1, cut)
  end
  text = text:gsub('[%c"\\]', function(c) return escapes[c] or ("\\%03d"):format(c:byte()) end)
  return '"' .. text .. '"' .. rest
end

local ranks = { number = 1, string = 2 }

-- Numbers before strings before everything else, whose order is arbitrary but fixed.
local function before(a, b)
  local rank_a, rank_b = ranks[type(a)] or 3, ranks[type(b)] or 3
  if rank_a ~= rank_b then return rank_a < rank_b end
  if rank_a < 3 then return a < b end
  return ("%s%p"):format(type(a), a) < ("%s%p"):format(type(b), b)
end

-- Whether a table has neither __tostring nor __name: others are printed by tostring.
local function is_plain(value)
  if type(value) ~= "table" then return false end
  local meta = debug.getmetatable(value)
  return not (meta and (rawget(meta, "__tostring") or rawget(meta, "__name")))
end

local render

local function render_key(key, state)
  if is_name(key) then return key .. " = " end
  return "[" .. (is_plain(key) and "{...}" or render(key, 0, state)) .. "] = "
end

-- The items of a table as a list of strings.
local function render_items(value, depth, state)
  local items, keys, left_out = {}, {}, 0
  local function add(text_of)
    if #items >= MOST_ITEMS or state.values >= MOST_VALUES then
      left_out = left_out + 1
    else
      items[#items + 1] = text_of()
    end
  end
  local count = 0
  while rawget(value, count + 1) ~= nil do
    count = count + 1
    add(function() return render(rawget(value, count), depth + 1, state) end)
  end
  for key in next, value do
    if math.type(key) ~= "integer" or key < 1 or key > count then keys[#keys + 1] = key end
  end
  table.sort(keys, before)
  for _, key in ipairs(keys) do
    add(function()
      return render_key(key, state) .. render(rawget(value, key), depth + 1, state)
    end)
  end
  if left_out > 0 then items[#items + 1] = ("... %d more"):format(left_out) end
  return items
end

local function render_table(value, depth, state)
  if next(value) == nil then return "{}" end
  if state.open[value] then return "{... itself}" end
  if depth >= MOST_DEPTH then return "{...}" end
  state.open[value] = true
  local items = render_items(value, depth, state)
  state.open[value] = nil
  local line = "{" .. table.concat(items, ", ") .. "}"
  if #line + 2 * depth <= WIDTH and not line:find "\n" then return line end
  local indent = ("  "):rep(depth)
  return "{\n" .. indent .. "  " .. table.concat(items, ",\n  " .. indent) .. "\n" .. indent .. "}"
end

function render(value, depth, state)
  state.values = state.values + 1
  if type(value) == "number" and value ~= value then return "nan" end -- never "-nan"
  if type(value) == "string" then return quote(value) end
  if is_plain(value) then return render_table(value, depth, state) end
  local ok, text = pcall(tostring, value)
  if not ok then return ("<%s: __tostring failed>"):format(type(value)) end
  return (text:gsub("\n", "\n" .. ("  "):rep(depth)))
end

function repl.format(value)
  return render(value, 0, { open = {}, values = 0 })
end

function repl.show(...)
  local values = table.pack(...)
  for i = 1, values.n do
    local is_nan = type(values[i]) == "number" and values[i] ~= values[i]
    if is_nan or is_plain(values[i]) then values[i] = repl.format(values[i]) end
  end
  print(table.unpack(values, 1, values.n))
end

-- ---- completion ----

-- Returns the value of a path such as "nn.Dense" or "cnn:fit", or nil.
local function resolve(path)
  local first, rest = path:match "^([^.:]+)(.*)$"
  local value = _G
  if first and locals.names()[first] then value, path = locals.value(first), rest end
  for name in path:gmatch "[^.:]+" do
    local ok, field = pcall(index, value, name)
    if not ok or field == nil then return nil end
    value = field
  end
  return value
end

-- Calls visit(name) for each name that can follow `value` and a dot: its own keys, those that its
-- metatable's __dir lists, and those of its __index tables.
local function each_field(value, visit)
  for _ = 1, 20 do -- __index chains may be circular
    if type(value) == "table" then
      for key in next, value do visit(key) end
    end
    local meta = debug.getmetatable(value)
    if type(meta) ~= "table" then return end
    local dir = rawget(meta, "__dir")
    local ok, names = pcall(dir, value)
    if ok and type(names) == "table" then
      for _, name in ipairs(names) do visit(name) end
    end
    value = rawget(meta, "__index")
    if type(value) ~= "table" then return end
  end
end

-- Scans Lua source: returns "code", "comment" or "string", whichever its end is in, and the
-- positions of the brackets that are open there.
local function scan(text)
  local open, i = {}, 1
  while i <= #text do
    local comment, level = text:match("^(%-?%-?)%[(=*)%[", i)
    if level and (comment == "" or comment == "--") then
      local _, stop = text:find("]" .. level .. "]", i, true)
      if not stop then return comment == "" and "string" or "comment" end
      i = stop
    elseif text:find("^%-%-", i) then
      i = text:find("\n", i, true)
      if not i then return "comment" end
    elseif text:find("^[\"']", i) then
      local mark, from = text:sub(i, i), i
      repeat
        i = text:find("[\\\n" .. mark .. "]", i + 1)
        if not i then return "string" end
        local c = text:sub(i, i)
        if c == "\\" then i = i + 1 end
        if c == "\n" then return "code", open end -- invalid Lua: the rest would be guesswork
      until c == mark and i > from
    elseif text:find("^[%[({]", i) then
      open[#open + 1] = i
    elseif text:find("^[%])}]", i) then
      open[#open] = nil
    end
    i = i + 1
  end
  return "code", open
end

-- The names of the options that a part, or a function after its positional arguments, takes in a
-- table.
local function options_of(value)
  local core = package.loaded["digits.core"]
  local part = core and core.internals.describe(value)
  if not part then return nil end
  local names = { part.kind == "layer" and "name" or nil }
  for i = math.max(part.arguments or 0, 0) + 1, #part.params do
    names[#names + 1] = part.params[i].name
  end
  return names
end

-- The names of options if the text ends where a key of a call's table of options may stand.
local function options_at(text, open)
  local place, outer = open[#open], open[#open - 1]
  if not place or text:sub(place, place) ~= "{" or not text:find "[{,;]%s*$" then return nil end
  local callee = text:sub(1, place - 1):match "([%a_][%w_.:]*)%s*%(?%s*$"
  if not callee and outer and text:sub(outer, outer) == "(" then
    callee = text:sub(1, outer - 1):match "([%a_][%w_.:]*)%s*$"
  end
  return callee and options_of(resolve(callee))
end

-- Collects names that begin with `partial`; names that begin with "_" only when asked for.
local function collector(head, partial)
  local found, seen = {}, {}
  return found, function(name, ending)
    if not is_name(name) or name:sub(1, #partial) ~= partial then return end
    if name:sub(1, 1) == "_" and partial:sub(1, 1) ~= "_" then return end
    local whole = head .. name .. (ending or "")
    if not seen[whole] then
      seen[whole] = true
      found[#found + 1] = whole
    end
  end
end

local function complete_field(head, object, mark, partial)
  local value = resolve(object)
  if value == nil then return {} end
  local found, add = collector(head .. object .. mark, partial)
  each_field(value, function(name)
    if mark == ":" then
      local ok, field = pcall(index, value, name)
      local meta = ok and debug.getmetatable(field)
      if not ok or type(field) ~= "function" and not (meta and rawget(meta, "__call")) then
        return
      end
    end
    add(name)
  end)
  return found
end

local function complete_name(head, partial, options)
  local found, add = collector(head, partial)
  for _, name in ipairs(options or {}) do add(name, " = ") end
  if #found > 0 then return found end
  for name in pairs(locals.names()) do add(name) end
  each_field(_G, add)
  for word in pairs(locals.keywords) do
    if word:sub(1, #partial) == partial then found[#found + 1] = head .. word end
  end
  return found
end

function repl.complete(word, text)
  if word == "" and not text:match "[^\n]*$":find "%S" then return { "  " } end -- indents
  local path = word:match "[%a_][%w_.:]*$" or ""
  path = path:match "%.%.([^.].*)$" or path -- a path after the operator `..`
  local head = word:sub(1, #word - #path)
  local place, open = scan(text .. head)
  if place == "string" then return "files" end
  local joined = head:find "%.%.$"
  if place == "comment" or head:find "[.:)%]%w]$" and not joined then return {} end
  local object, mark, partial = path:match "^(.*)([.:])([%w_]*)$"
  local found
  if object then
    found = complete_field(head, object, mark, partial)
  else
    found = complete_name(head, path, options_at(text .. head, open))
  end
  table.sort(found)
  return found
end

return repl
