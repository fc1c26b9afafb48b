-- What several specs use. Specs run from the top of the project.
local support = {}

-- The message of a function that must fail, without its position, which must be the user's line.
function support.message(action, ...)
  local ok, message = pcall(action, ...)
  assert(not ok, "expected an error")
  local text = tostring(message):match "^[^\n]-_spec%.lua:%d+: (.*)$"
  assert(text, "expected an error at the line of the spec, found: " .. tostring(message))
  return text
end

function support.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- A folder of its own for a spec; support.remove(folder) afterwards.
function support.folder()
  local pipe = assert(io.popen "mktemp -d")
  local folder = pipe:read "l"
  pipe:close()
  return folder
end

function support.remove(folder)
  os.execute("rm -rf '" .. folder .. "'")
end

function support.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

-- Runs Lua code in a program of its own, after the shell commands `before`, with the words `words`.
-- Gives output, errors and status.
function support.run(folder, code, words, before)
  local path = support.write(folder .. "/script.lua", code)
  local command = "ulimit -t 60; %s '%s' '%s' %s >'%s/out' 2>'%s/err' </dev/null"
  local _, kind, status = os.execute(command:format(
    before or "", os.getenv "DIGITS_LUA" or arg[-1], path, words or "", folder, folder))
  return support.read(folder .. "/out"), support.read(folder .. "/err"),
    kind == "exit" and status or 128 + status
end

-- Fails unless found is expected, numbers within a relative `tolerance` (0: to the last bit).
function support.expect(what, expected, found, tolerance)
  if type(expected) == "table" then
    assert(#expected == #found, what .. ": length")
    for key, value in pairs(expected) do
      support.expect(("%s[%s]"):format(what, key), value, found[key], tolerance)
    end
    return
  end
  assert(type(found) == "number", what .. ": found " .. tostring(found))
  if expected == found or expected ~= expected and found ~= found then return end
  local off = math.abs(found - expected)
  if off ~= off or off > tolerance * math.max(math.abs(expected), 1) then
    error(("%s is %.17g, expected %.17g"):format(what, found, expected), 0)
  end
end

-- Sanitizers hold freed memory back and need a large address space.
support.sanitized = os.getenv "DIGITS_SANITIZED" ~= nil

return support
