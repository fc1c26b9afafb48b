-- The locals of the interactive mode, which persist from one input to the next as in a script.
--
--   locals.chunk(text)   returns a function that runs the text, which must compile, piece by piece:
--                        called first without values, then with what the last piece returned, it
--                        returns true and the next piece, a function to call; or false and the
--                        results of the text
--   locals.names()       a table: the name of each local -> true
--   locals.value(name)   the value of a local
--
-- A text is cut after each `local` outside any block. Each piece is compiled in a function that
-- declares the locals it names; debug.upvaluejoin makes these the variables of earlier pieces. So
-- closures share them, a second `local x` is a new variable, and the user's own text is compiled,
-- at its own line. A text that fails halfway keeps the locals of the pieces before.
--
-- A local declared <close> ends with its text, as do locals that the same text declares after it.
local locals = {}

local function set(words)
  local found = {}
  for word in words:gmatch "%S+" do found[word] = true end
  return found
end

-- ---- tokens ----

locals.keywords = set [[and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while]]
local opens = set "( [ { function do if repeat"
local closes = set ") ] } end until"
local joins = set "+ - * / // % ^ & ~ | << >> .. < <= > >= == ~= and or , . :" -- two operands
local operators = set "... .. == ~= <= >= // :: << >>"

-- The position at which the quoted string that begins at `i` ends.
local function quoted_end(text, i)
  local mark = text:sub(i, i)
  while true do
    i = text:find("[\\" .. mark .. "]", i + 1)
    if text:sub(i, i) == mark then return i end
    i = i + 1 -- the escaped character
  end
end

local function number_end(text, i)
  local exponent = text:find("^0[xX]", i) and "^[pP][+-]" or "^[eE][+-]"
  while true do
    if text:find(exponent, i) then
      i = i + 2
    elseif text:find("^[%w.]", i) then
      i = i + 1
    else
      return i - 1
    end
  end
end

-- The first position from `i` on that is neither space nor comment.
local function skip(text, i)
  while true do
    i = text:find("%S", i)
    if not i or not text:find("^%-%-", i) then return i end
    local level = text:match("^%-%-%[(=*)%[", i)
    local _, stop = text:find(level and "]" .. level .. "]" or "\n", i, level ~= nil)
    if not stop then return nil end
    i = stop + 1
  end
end

-- The tokens of a text that compiles: { text, first, last, is = "name", "value" or "other" }.
local function tokens_of(text)
  local list, i = {}, skip(text, 1)
  while i do
    local first, level = i, text:match("^%[(=*)%[", i)
    local is, last = "value"
    if level then
      last = select(2, text:find("]" .. level .. "]", i, true))
    elseif text:find("^[\"']", i) then
      last = quoted_end(text, i)
    elseif text:find("^%.?%d", i) then
      last = number_end(text, i)
    elseif text:find("^[A-Za-z_]", i) then
      last = select(2, text:find("^[A-Za-z0-9_]+", i))
      is = locals.keywords[text:sub(i, last)] and "other" or "name"
    else
      is, last = "other", i
      for length = 3, 2, -1 do
        if operators[text:sub(i, i + length - 1)] then
          last = i + length - 1
          break
        end
      end
    end
    list[#list + 1] = { text = text:sub(first, last), first = first, last = last, is = is }
    i = skip(text, last + 1)
  end
  return list
end

-- ---- declarations ----

-- The token at which the block or bracket that opens at token `i` closes.
local function closing(tokens, i)
  local depth = 0
  repeat
    local text = tokens[i].is == "other" and tokens[i].text
    if opens[text] then depth = depth + 1 end
    if closes[text] then depth = depth - 1 end
    i = i + 1
  until depth == 0
  return i - 1
end

-- The last token of the list of expressions that begins at token `i`.
local function expressions_end(tokens, i)
  local complete = false -- an operand has ended
  while tokens[i] do
    local token = tokens[i]
    local text = token.is == "other" and token.text
    local is_call = token.is == "value" and not token.text:find "^[.%d]"
      or text == "(" or text == "[" or text == "{"
    if complete and not joins[text] and not is_call then break end
    if opens[text] then
      i = closing(tokens, i)
      complete = true
    else
      complete = token.is ~= "other" or text == "nil" or text == "true" or text == "false"
        or text == "..."
    end
    i = i + 1
  end
  return i - 1
end

-- The declaration at token `i`, a `local` outside any block: its last token, its names, and which
-- of them are constant; nil if one is declared <close>.
local function declaration(tokens, i)
  if tokens[i + 1].text == "function" then
    return closing(tokens, i + 1), { tokens[i + 2].text }, {}
  end
  local names, constant = {}, {}
  repeat
    i = i + 1
    local name = tokens[i].text
    names[#names + 1], constant[name] = name, nil
    if tokens[i + 1] and tokens[i + 1].text == "<" then
      if tokens[i + 2].text == "close" then return nil end
      constant[name] = true
      i = i + 3
    end
    i = i + 1
  until not tokens[i] or tokens[i].text ~= ","
  local assigned = tokens[i] and tokens[i].text == "="
  return assigned and expressions_end(tokens, i + 1) or i - 1, names, constant
end

-- Cuts a text into pieces, or one piece if `whole`: each has its text, the names it uses, and the
-- names it declares at its end.
local function cut(text, whole)
  local tokens, pieces = tokens_of(text), {}
  local piece, from = { uses = { _ENV = true } }, 1
  local i, depth = 1, 0
  local function use(first, last)
    for k = first, last do
      if tokens[k].is == "name" then piece.uses[tokens[k].text] = true end
    end
  end
  local function finish(to)
    local _, before = text:sub(1, from - 1):gsub("\n", "")
    piece.text = ("\n"):rep(before) .. text:sub(from, to)
    pieces[#pieces + 1] = piece
    piece, from = { uses = { _ENV = true } }, to + 1
  end
  while tokens[i] do
    local word = tokens[i].is == "other" and tokens[i].text
    local last, names, constant
    if word == "local" and depth == 0 then
      if not whole then last, names, constant = declaration(tokens, i) end
      if not last then break end
    end
    if opens[word] then depth = depth + 1 end
    if closes[word] then depth = depth - 1 end
    use(i, last or i)
    if last then
      piece.names, piece.constant = names, constant
      finish(tokens[last].last)
    end
    i = (last or i) + 1
  end
  use(i, #tokens)
  finish(#text)
  return pieces
end

-- ---- variables ----

local getupvalue, upvaluejoin = debug.getupvalue, debug.upvaluejoin

local MORE = "__more" -- in a piece: what its last statement returns first if another piece follows
local more = {}

-- name -> { cell = a function with the variable as its first upvalue, constant }
local variables = {}

local function cell_of(value)
  return function() return value end
end

function locals.names()
  local names = {}
  for name in pairs(variables) do names[name] = true end
  return names
end

function locals.value(name)
  return variables[name].cell()
end

-- Compiles a piece with the locals `known` (name -> whether constant). Returns the function around
-- it, or nil and the message.
local function compile(piece, known)
  local declared = { "local " .. MORE .. "; " }
  for name in pairs(piece.uses) do
    if known[name] ~= nil then
      local constant = known[name] and " <const> = ..." or ""
      declared[#declared + 1] = ("local %s%s; "):format(name, constant)
    end
  end
  local ending = ""
  if piece.names then
    local list = table.concat(piece.names, ", ")
    ending = (" return %s, function() return %s end"):format(MORE, list)
  end
  return load(table.concat { table.concat(declared), "return function(...) ", piece.text, ending,
    "\nend" }, "=stdin", "t")
end

-- Compiles all pieces, or returns nil and the message. A piece sees the locals of those before it.
local function compile_all(pieces)
  local known = {}
  for name, variable in pairs(variables) do known[name] = variable.constant end
  for _, piece in ipairs(pieces) do
    local outer, message = compile(piece, known)
    if not outer then return nil, message end
    piece.outer = outer
    for _, name in ipairs(piece.names or {}) do known[name] = piece.constant[name] or false end
  end
  return pieces
end

-- Joins a piece to the current variables; returns a function.
local function join(piece)
  local inner = piece.outer()
  for i = 1, 255 do
    local name = getupvalue(inner, i)
    if not name then break end
    if name == MORE then
      upvaluejoin(inner, i, cell_of(more), 1)
    elseif variables[name] and piece.uses[name] then
      upvaluejoin(inner, i, variables[name].cell, 1)
    end
  end
  return inner
end

-- Keeps the locals that a piece declared: `capture` returns their values and has the variable ones
-- as upvalues.
local function keep(piece, capture)
  local places, values = {}, table.pack(capture())
  for i = 1, 255 do
    local name = getupvalue(capture, i)
    if not name then break end
    places[name] = i
  end
  for i, name in ipairs(piece.names) do
    local cell = cell_of(values[i])
    local constant = piece.constant[name] or false
    if places[name] and not constant then upvaluejoin(cell, 1, capture, places[name]) end
    variables[name] = { cell = cell, constant = constant }
  end
end

function locals.chunk(text)
  local pieces, message = compile_all(cut(text))
  -- a goto may lead from one piece into another
  if not pieces then pieces, message = compile_all(cut(text, true)) end
  if not pieces then error(message, 0) end
  local at = 0
  return function(...)
    local piece, first = pieces[at], ...
    if piece and not (piece.names and first == more) then return false, ... end
    if piece then keep(piece, select(2, ...)) end
    at = at + 1
    if not pieces[at] then return false end
    return true, join(pieces[at])
  end
end

return locals
