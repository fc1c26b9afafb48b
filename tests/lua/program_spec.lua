-- digits-lua as a program: its options, exit codes, messages, and Ctrl-C.
local shell = dofile "tests/lua/shell.lua"
local program, sh, file, read = shell.program, shell.run, shell.file, shell.read

setup(shell.open)
teardown(shell.close)

describe("options", function()
  it("-e runs code, in order and joined to its letter", function()
    local out, err, code = sh [[$P -e 'x = 1' -e'x = x + 1' -e 'print(x, ...)']]
    assert.are.same({ "2\n", "", 0 }, { out, err, code })
  end)

  it("-e that fails ends the program with a traceback and status 1", function()
    local out, err, code = sh [[$P -e 'local function f() x() end f()' -e 'print "not reached"']]
    assert.are.equal("", out)
    assert.are.equal(1, code)
    assert.matches("^digits%-lua: %(command line%):1: attempt to call a nil value " ..
      "%(global 'x'%)\nstack traceback:\n", err)
    assert.matches("in local 'f'", err)
  end)

  it("-l requires modules into globals, by name, without version, and by another name", function()
    file("mine.lua", "return 'mine, from ' .. ...")
    file("new-v2.lua", "return 'new'")
    local out = sh [[$P -l mine -lnew-v2 -l m=mine -lg=mine -e 'print(mine, new, m, g)']]
    assert.are.equal("mine, from mine\tnew\tmine, from mine\tmine, from mine\n", out)
    local _, err, code = sh [[$P -l missing]]
    assert.matches("^digits%-lua: module 'missing' not found:", err)
    assert.are.equal(1, code)
  end)

  it("-v and --version print one line and stop, unless there is a script", function()
    local line = "^digits%-lua %S+ %(Lua 5%.4%.%d+%)\n"
    for _, option in ipairs { "-v", "--version" } do
      local out, err, code = sh("echo 'print(1)' | $P " .. option)
      assert.matches(line .. "$", out)
      assert.are.same({ "", 0 }, { err, code })
    end
    file("a.lua", "print 'ran'")
    assert.matches(line .. "ran\n$", (sh "$P -v a.lua"))
  end)

  it("-h and --help print the usage", function()
    for _, option in ipairs { "-h", "--help" } do
      local out, err, code = sh("$P " .. option)
      assert.matches("^usage: digits%-lua %[options%] %[script or command %[arguments%]%]\n", out)
      assert.matches("%-%-threads N", out)
      assert.are.same({ "", 0 }, { err, code })
    end
  end)

  it("-E ignores the environment", function()
    local out = sh [[
      LUA_INIT='print "init"' LUA_PATH='here/?.lua' $P -E -e 'print(package.path)'
      LUA_PATH='here/?.lua' $P -e 'print(package.path)']]
    assert.not_matches("init\n", out)
    assert.not_matches("^here/", out)
    assert.matches("\nhere/%?%.lua\n$", out)
  end)

  it("-W turns warnings on, as does '@on'; they are off at first", function()
    local _, err = sh [[$P -e 'warn "a"' -W -e 'warn("b", "c")' -e 'warn "@off"' -e 'warn "d"']]
    assert.are.equal("Lua warning: bc\n", err)
    assert.are.equal("Lua warning: x\n", select(2, sh [[$P -e 'warn "@on" warn "x"']]))
  end)

  it("-- and - end the options", function()
    file("-odd.lua", "print('odd', ...)")
    assert.are.equal("odd\t-e\n", (sh "$P -- -odd.lua -e"))
    assert.are.equal("stdin\t1\t-i\n", (sh [[echo 'print("stdin", ...)' | $P - 1 -i]]))
  end)

  it("refuses what it does not know, with a suggestion where one is near", function()
    local cases = {
      ["-x"] = "unknown option '-x'\n",
      ["-vx"] = "unknown option '-vx'",
      ["--thread 2"] = "unknown option '--thread', did you mean '--threads'?\n",
      ["--thraeds=2"] = "unknown option '--thraeds=2', did you mean '--threads'?\n",
      ["-help"] = "unknown option '-help', did you mean '--help'?\n",
      ["--verison"] = "unknown option '--verison', did you mean '--version'?\n",
      ["--epochs 3"] = "unknown option '--epochs' (a script's options come after its name)\n",
      ["-e"] = "'-e' needs code after it\n",
      ["-l"] = "'-l' needs a module's name after it\n",
      ["-e -v"] = "'-e' needs code after it\n",
    }
    for options, message in pairs(cases) do
      local out, err, code = sh("$P " .. options)
      assert.are.same({ "", 1 }, { out, code })
      assert.are.equal("digits-lua: " .. message, err:sub(1, 12 + #message))
      assert.matches("\nusage: digits%-lua ", err)
    end
  end)

  it("--redirect writes files elsewhere, and the script does not see that", function()
    file("a.lua", [[
      local digits = require "digits"
      local name = digits.path("new/folder", "forest.safetensors")
      local forest = digits.tree.RandomForest {}
      forest:fit(digits.uniform { 9, 2 }, digits.range { 0, 9 } % 2, { verbose = 0 })
      forest:save(name)
      io.open("log", "a"):write("more\n"):close()
      io.output "other":write "text"
      io.output():close()
      io.output(io.stdout)
      for line in io.lines "log" do io.write(line, " ") end
      print(digits.load(name):digest() == forest:digest(), io.open "other":read "a", arg[-1],
        ...)]])
    file("log", "one\n")
    for _, option in ipairs { "--redirect away", "--redirect=away" } do
      sh "rm -rf away; mkdir away"
      local out, err, code = sh("$P -W " .. option .. " a.lua x y")
      assert.are.same({ "one more true\ttext\t-W\tx\ty\n", "", 0 }, { out, err, code })
      assert.are.equal("one\n", read(shell.folder .. "/log"))
      assert.are.equal("log\nnew\nother\n", (sh "ls away$PWD"))
      assert.are.equal("away\n", (sh "ls -d away new other"))
    end
    for words, message in pairs {
      ["--redirect"] = "'--redirect' needs a folder after it\n",
      ["--redirect="] = "'--redirect' needs a folder after it\n",
      ["--redirect nowhere a.lua"] = "--redirect: cannot redirect nowhere: No such file",
    } do
      local out, err, code = sh("$P " .. words)
      assert.are.same({ "", 1 }, { out, code })
      assert.matches("^digits%-lua: " .. message:gsub("%-", "%%-"), err)
    end
  end)

  it("--threads takes 1 to 1024 and nothing else", function()
    assert.are.equal("ok\n", (sh "$P --threads 2 -e 'print \"ok\"'"))
    assert.are.equal("ok\n", (sh "$P --threads=1024 -e 'print \"ok\"'"))
    for _, bad in ipairs { "0", "-1", "1025", "2.5", "two", "''", "99999999999999999999", "2x" } do
      local out, err, code = sh("$P --threads " .. bad .. " -e 'print(1)'")
      assert.are.same({ "", 1 }, { out, code })
      assert.are.equal(("digits-lua: '--threads' needs a number from 1 to 1024, found '%s'")
        :format(bad:gsub("'", "") .. ""), err:match "^[^\n]*")
    end
    assert.matches("^digits%-lua: '%-%-threads' needs a number from 1 to 1024\n",
      (select(2, sh "$P --threads")))
  end)
end)

describe("scripts", function()
  it("get their arguments in ... and in arg", function()
    file("args.lua", "print(select('#', ...), arg[0], arg[1], #arg, arg[-1], arg[-2], ...)")
    assert.are.equal("2\targs.lua\ta\t2\t-W\t" .. program .. "\ta\tb c\n",
      (sh "$P -W args.lua a 'b c'"))
  end)

  it("may change arg before they start, but not into something else", function()
    file("args.lua", "print(...)")
    assert.are.equal("z\n", (sh [[$P -e 'arg = {"z"}' args.lua a]]))
    local _, err, code = sh [[$P -e 'arg = nil' args.lua a]]
    assert.matches("'arg' is not a table", err)
    assert.are.equal(1, code)
  end)

  it("end with their exit code", function()
    assert.are.equal(7, (select(3, sh "$P -e 'os.exit(7)'")))
    assert.are.equal(0, (select(3, sh "$P -e 'os.exit(true, true)'")))
    assert.are.equal(1, (select(3, sh "$P -e 'os.exit(false)'")))
  end)

  it("that fail are told by place and traceback", function()
    file("bad.lua", "local function inner() error 'boo' end\ninner()\n")
    local _, err, code = sh "$P bad.lua"
    assert.matches("^digits%-lua: bad%.lua:1: boo\nstack traceback:\n", err)
    assert.matches("bad%.lua:2: in main chunk", err)
    assert.are.equal(1, code)
  end)

  it("that fail in a callback of fit are told of with one traceback", function()
    file("callback.lua", [[
      local digits = require "digits"
      local nn = digits.nn
      local model = nn.Sequential { nn.Input { 2 }, nn.Dense { 2, activation = "softmax" } }
      model:compile { optimizer = "sgd", loss = "categorical_crossentropy" }
      model:fit(digits.zeros { 2, 2 }, digits.tensor { 0, 1 }, {
        verbose = 0, on_epoch_end = function() error "boo" end })
    ]])
    local _, err = sh "$P callback.lua"
    local _, tracebacks = err:gsub("stack traceback:", "")
    assert.are.equal(1, tracebacks)
    assert.matches("^digits%-lua: callback%.lua:6: boo\nstack traceback:\n", err)
    assert.matches("in method 'fit'\n\tcallback%.lua:5: in main chunk\n", err)
  end)

  it("that raise other values are told what they raised", function()
    assert.are.equal("digits-lua: mine\n", (select(2, sh
      [[$P -e 'error(setmetatable({}, { __tostring = function() return "mine" end }))']])))
    assert.matches("^digits%-lua: %(error object is a table value%)\n",
      (select(2, sh "$P -e 'error {}'")))
  end)

  it("that are missing, folders, or no Lua are named", function()
    local _, err, code = sh "$P missing.lua"
    assert.matches("^digits%-lua: cannot open missing%.lua", err)
    assert.are.equal(1, code)
    _, err, code = sh "$P ."
    assert.matches("^digits%-lua: cannot read %.", err)
    assert.are.equal(1, code)
    file("typo.lua", "local x = = 1")
    _, err, code = sh "$P typo.lua"
    assert.are.equal("digits-lua: typo.lua:1: unexpected symbol near '='", err:match "^[^\n]*")
    assert.are.equal(1, code)
  end)

  it("come from standard input where that is no terminal", function()
    assert.are.equal("hi\n", (sh [[echo 'print "hi"' | $P]]))
    local _, err, code = sh [[echo 'error "boo"' | $P]]
    assert.matches("^digits%-lua: stdin:1: boo\n", err)
    assert.are.equal(1, code)
  end)

  it("may begin with #!", function()
    file("shebang", "#!/usr/bin/env digits-lua\nprint 'hi'\n")
    assert.are.equal("hi\n", (sh "$P shebang"))
  end)

  it("run after LUA_INIT_5_4, or else LUA_INIT, as code or as a file", function()
    file("init.lua", "x = 'from a file'")
    local out = sh [[
      LUA_INIT='x = 1' $P -e 'print(x)'
      LUA_INIT='x = 1' LUA_INIT_5_4='x = 54' $P -e 'print(x)'
      LUA_INIT=@init.lua $P -e 'print(x)']]
    assert.are.equal("1\n54\nfrom a file\n", out)
    local _, err, code = sh [[LUA_INIT='error "boo"' $P -e 'print(x)']]
    assert.matches("^digits%-lua: LUA_INIT:1: boo\n", err)
    assert.are.equal(1, code)
  end)

  it("end quietly when nobody reads on, and fail when the output is lost", function()
    local out, err = sh [[$P -e 'for i = 1, 1e5 do print(i) end' | head -n 1]]
    assert.are.same({ "1\n", "" }, { out, err })
    local _, message, code = sh [[$P -e 'io.write "x"' >/dev/full]]
    assert.matches("^digits%-lua: cannot write to standard output: ", message)
    assert.are.equal(1, code)
  end)
end)

describe("modules", function()
  it("of the library are inside the program, whatever the folder", function()
    local out, err = sh [[cd / && $P -E -e '
      local repl, place = require "digits.repl"
      print(debug.getinfo(repl.show).source, place)
      print(package.loaded.digits)']]
    assert.are.same({ "@scripts/repl.lua\tscripts/repl.lua\nnil\n", "" }, { out, err })
    local _, message = sh [[$P -e 'require "digits.missing"']]
    assert.matches("no module 'digits%.missing' in the program", message)
    assert.matches("no file '%./digits/missing%.lua'", message)
  end)

  it("come first from DIGITS_LUA_PATH", function()
    sh "mkdir -p dev/deep/er"
    file("dev/repl.lua", "return 'changed'")
    file("dev/deep/one.lua", "return 'one'")
    file("dev/deep/er/init.lua", "return 'deeper'")
    file("dev/broken.lua", "return = 1")
    local use = [[-e 'print(require "digits.repl" == "changed")']]
    local out = sh("DIGITS_LUA_PATH=dev $P " .. use .. "\nDIGITS_LUA_PATH=dev $P -E " .. use ..
      "\nDIGITS_LUA_PATH= $P " .. use .. "\nDIGITS_LUA_PATH=nowhere $P " .. use .. [[

      DIGITS_LUA_PATH=dev $P -e 'print((require "digits.deep.er"), require "digits.deep.one")']])
    assert.are.equal("true\nfalse\nfalse\nfalse\ndeeper\tone\tdev/deep/one.lua\n", out)
    local _, err = sh [[DIGITS_LUA_PATH=dev $P -e 'require "digits.broken"']]
    assert.matches("error loading module 'digits%.broken' from 'dev/broken%.lua':\n\tdev/", err)
  end)

  it("of others are found as in lua", function()
    file("mine.lua", "return { 1 }")
    assert.are.equal("1\t./mine.lua\n", (sh
      [[$P -e 'local m, place = require "mine" print(m[1], place)']]))
  end)
end)

describe("coroutines of the program", function()
  it("behave as those of lua", function()
    local co = coroutine.create(function(a, b)
      local c = coroutine.yield(a + b)
      error(c, 0)
    end)
    assert.are.same({ true, 3 }, { coroutine.resume(co, 1, 2) })
    assert.are.same({ false, "x" }, { coroutine.resume(co, "x") })
    assert.are.same({ false, "cannot resume dead coroutine" }, { coroutine.resume(co) })
    assert.are.same({ false, "x" }, { coroutine.close(co) })
    assert.are.same({ false, "cannot resume non-suspended coroutine" },
      { coroutine.resume(coroutine.running()) })
    assert.has_error(function() coroutine.close(coroutine.running()) end)
    assert.has_error(function() coroutine.resume(1) end)
    assert.has_error(function() coroutine.wrap(1) end)
    local value = {}
    assert.has_error(coroutine.wrap(function() error(value) end), value)
    local ok, message = pcall(function() coroutine.wrap(function() error "inner" end)() end)
    assert.is_false(ok)
    assert.matches("program_spec%.lua:%d+: .*program_spec%.lua:%d+: inner$", message)
    local many = table.pack(coroutine.resume(coroutine.create(table.unpack), {}, 1, 5000))
    assert.are.equal(5001, many.n)
  end)

  it("close what they left open", function()
    local log = {}
    local function leave_open(body)
      return function()
        local function note(_, e) log[#log + 1] = e or "none" end
        local _ <close> = setmetatable({}, { __close = note })
        body()
      end
    end
    local co = coroutine.create(leave_open(coroutine.yield))
    coroutine.resume(co)
    assert.is_true(coroutine.close(co))
    assert.are.equal("dead", coroutine.status(co))
    pcall(coroutine.wrap(leave_open(function() error("boo", 0) end)))
    assert.are.same({ "none", "boo" }, log)
  end)
end)

-- Starts the program on a script, which says "ready", and sends it SIGINT at once and, for each
-- further time, after half a second more.
local function interrupt(script, times)
  file("loop.lua", "io.stderr:write 'ready\\n'\n" .. script)
  return sh(([[
    env --default-signal=INT $P loop.lua & p=$!
    until grep -q ready err; do sleep 0.02; done
    sleep 0.1; kill -INT $p
    for again in %s; do sleep 0.5; kill -INT $p; done
    wait $p]]):format(("x "):rep((times or 1) - 1)))
end

describe("Ctrl-C", function()
  it("ends a script with a traceback, and by the signal", function()
    local _, err, code = interrupt "local function spin() while true do end end\nspin()"
    assert.matches("^ready\ndigits%-lua: interrupted\nstack traceback:\n", err)
    assert.matches("\tloop%.lua:2: in local 'spin'", err)
    assert.are.equal(130, code)
    local status = shell.output(("env --default-signal=INT timeout -s INT --preserve-status 0.5 " ..
      "'%s' -e 'while true do end' 2>/dev/null; echo $?"):format(program))
    assert.are.equal("130", status)
  end)

  it("reaches coroutines, whichever way they run", function()
    local loops = {
      "coroutine.wrap(function() while true do end end)()",
      "assert(coroutine.resume(coroutine.create(function() while true do end end)))",
      "coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()",
      "while true do for _ in coroutine.wrap(function() coroutine.yield(1) end) do end end",
      "coroutine.wrap(function() pcall(coroutine.yield) while true do end end)()" ..
        "\nwhile true do end",
      [[local co = coroutine.create(function()
          local x <close> = setmetatable({}, { __close = function() while true do end end })
          coroutine.yield()
        end)
        coroutine.resume(co)
        assert(coroutine.close(co))]],
    }
    for _, loop in ipairs(loops) do
      local _, err, code = interrupt(loop)
      assert.matches("interrupted\n", err)
      assert.matches("stack traceback:", err)
      assert.are.equal(130, code)
    end
  end)

  it("reaches loops within functions of the library", function()
    for _, loop in ipairs {
      "while true do (('x'):rep(1e5)):gsub('.', string.upper) end",
      "table.sort(setmetatable({}, { __len = function() return 1e8 end," ..
        " __index = function(_, i) return -i end, __newindex = function() end }))",
      "assert(load(function() return ' ' end))",
      "while true do string.rep('x', 1e6) end",
    } do
      local _, err, code = interrupt(loop)
      assert.matches("^ready\ndigits%-lua: [^\n]*interrupted\n", err)
      assert.are.equal(130, code)
    end
  end)

  it("wakes a script that waits for input", function()
    file("wait.lua", "io.stderr:write 'ready\\n' io.read() while true do end")
    local _, err, code = sh [[
      mkfifo fifo; sleep 10 >fifo & s=$!
      env --default-signal=INT $P wait.lua <fifo & p=$!
      until grep -q ready err; do sleep 0.02; done
      sleep 0.1; kill -INT $p; wait $p; code=$?; kill $s; rm fifo; exit $code]]
    assert.matches("interrupted", err)
    assert.are.equal(130, code)
  end)

  it("can be caught by pcall, and the script goes on", function()
    local out, _, code = interrupt [[
      print(pcall(function() while true do end end))
      for i = 1, 1e5 do coroutine.wrap(function() return i end)() end
      print "saved"]]
    assert.are.same({ "false\tinterrupted\nsaved\n", 0 }, { out, code })
  end)

  it("cannot be caught again within two seconds; what is open is closed", function()
    local out, err, code = interrupt([[
      local count = 0
      local _ <close> = setmetatable({}, { __close = function() print("never said", count) end })
      local file <close> = io.open("log", "w")
      file:setvbuf "full"
      file:write "text"
      while true do
        pcall(function() while true do end end)
        count = count + 1
        if count > 1 then print "caught twice" os.exit(0) end
      end]], 2)
    assert.are.equal("", out)
    assert.matches("interrupted", err)
    assert.are.equal(130, code)
    assert.are.equal("text", read(shell.folder .. "/log"))
  end)

  it("pressed again while C code does not answer ends the process", function()
    local out, err, code = interrupt(
      "print(pcall(string.find, ('a'):rep(300000), ('.-'):rep(12) .. 'b'))", 2)
    assert.are.same({ "", "ready\n", 130 }, { out, err, code })
  end)

  it("stays ignored where the program began so", function()
    file("slow.lua", "io.stderr:write 'ready\\n' local t = os.clock()\n" ..
      "while os.clock() < t + 0.5 do end print 'done'")
    local out, _, code = sh [[
      env --ignore-signal=INT $P slow.lua & p=$!
      until grep -q ready err; do sleep 0.02; done
      kill -INT $p; wait $p]]
    assert.are.same({ "done\n", 0 }, { out, code })
  end)

  it("in a failed script is not blamed for another error", function()
    local _, err, code = interrupt "pcall(function() while true do end end) error 'boo'"
    assert.matches("loop%.lua:2: boo\n", err)
    assert.are.equal(1, code)
  end)
end)
