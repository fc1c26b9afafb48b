-- Shell scripts that run digits-lua, in a folder of their own.
local support = dofile "tests/lua/support.lua"
local shell = { read = support.read }

-- What a command prints, without the last line's end.
function shell.output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return (text:gsub("\n$", ""))
end

shell.program = shell.output("realpath '" .. (os.getenv "DIGITS_LUA" or arg[-1]) .. "'")

-- For setup and teardown: shell.folder is there in between.
function shell.open()
  shell.folder = support.folder()
end

function shell.close()
  support.remove(shell.folder)
end

function shell.file(name, text)
  support.write(shell.folder .. "/" .. name, text)
end

-- Runs a script in the folder, with $P for the program. Gives output, errors and status.
function shell.run(script)
  shell.file("run.sh", "P='" .. shell.program .. "'\n" .. script)
  local _, kind, code = os.execute(("cd '%s' && ulimit -t 60 && env -u LUA_INIT -u LUA_INIT_5_4 " ..
    "-u DIGITS_LUA_PATH sh ./run.sh >out 2>err"):format(shell.folder))
  return shell.read(shell.folder .. "/out"), shell.read(shell.folder .. "/err"),
    kind == "exit" and code or 128 + code
end

return shell
