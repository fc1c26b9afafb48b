-- Loaded when the program is redirected (--redirect FOLDER): what scripts open by Lua's own
-- functions goes below the folder too. Other programs that it starts write where they like.
-- luacheck: globals io os loadfile dofile
local internals = require("digits.core").internals
local read_path, write_path = internals.redirect_read, internals.redirect_write

local open, lines, input, output = io.open, io.lines, io.input, io.output
local remove, rename, load_file, run_file = os.remove, os.rename, loadfile, dofile

-- Copies what a file has, before it is changed there.
local function copy(from, to)
  local source <close> = open(from, "rb")
  local text = source and source:read "a"
  if not text then return end
  local target <close> = assert(open(to, "wb"))
  target:write(text)
end

-- Where a file is that will be written in this mode.
local function target_of(path, mode)
  local now, to = read_path(path), write_path(path)
  if not mode:find "^w" and now ~= to then copy(now, to) end
  return to
end

-- Without a name, or with a file, these are about the default files.
local function on_name(action, place)
  return function(file, ...)
    return action(type(file) == "string" and place(file) or file, ...)
  end
end

function io.open(path, mode, ...)
  if type(path) ~= "string" then return open(path, mode, ...) end
  if type(mode) == "string" and mode:find "[wa+]" then
    return open(target_of(path, mode), mode, ...)
  end
  return open(read_path(path), mode, ...)
end

io.lines, io.input = on_name(lines, read_path), on_name(input, read_path)
io.output = on_name(output, write_path)

-- What the user has stays; the script does not see it any more.
function os.remove(path)
  local now, to = read_path(path), write_path(path)
  local kind = internals.kind_of(path)
  if kind == "file" then
    internals.redirect_hide(path)
  elseif not kind or now == to then
    return remove(now)
  end
  return true
end

function os.rename(old, new)
  local now, to = read_path(old), write_path(new)
  if internals.kind_of(old) ~= "file" then return rename(now, to) end
  copy(now, to)
  internals.redirect_hide(old)
  return true
end

local names = 0
function os.tmpname()
  names = names + 1
  return write_path(("/tmp/lua_%d"):format(names))
end

loadfile, dofile = on_name(load_file, read_path), on_name(run_file, read_path)
