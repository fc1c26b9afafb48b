-- digits-lua reproduce FILE: makes a model again as its recipe says, and compares the two.
local core = require "digits.core"
local recipes = require "digits.recipes"
local internals = core.internals

local function refuse(format, ...)
  internals.raise("reproduce: " .. format:format(...))
end

local function absolute(folder, path)
  return path:sub(1, 1) == "/" and path or folder .. "/" .. path
end

local function exists(folder, path)
  return internals.kind_of(absolute(folder, path)) == "file"
end

-- Where the script ran: the model lies there under the name that it was saved as, unless it was
-- moved; else it is taken to be here.
local function find_folder(options, recipe)
  local here = internals.real_path(options.folder or ".")
  if not here then refuse("there is no folder %s", options.folder) end
  local file = "/" .. recipe.file:gsub("^%./", "")
  local whole = internals.real_path(options.file)
  local there = whole:sub(-#file) == file and whole:sub(1, -#file - 1)
  if options.folder or not there or there == "" then return here end
  local script = recipe.script and recipe.script.path
  local only_here = script and not exists(there, script) and exists(here, script)
  return only_here and here or there
end

-- Words before the script that run nothing of their own.
local function is_harmless(words)
  for i, word in ipairs(words) do
    local number = words[i - 1] == "--threads" and word:match "^%d+$"
    if not (number or word:match "^%-%-threads=?%d*$" or word == "--") then return false end
  end
  return true
end

-- What will run: the script in the folder, or what the recipe has of it. Returns its text, and
-- whether that is the recipe's. Nothing in the model's file is run unless asked.
local function find_script(options, recipe, folder)
  local script = recipe.script
  local found = script and script.path ~= "-" and exists(folder, script.path)
  if not options.recorded then
    local what
    if not is_harmless(recipe.before) then
      what = ("it was made with the words '%s'"):format(table.concat(recipe.before, " "))
    elseif script.path == "-" then
      what = "its script was read from standard input"
    elseif not found then
      what = ("%s is missing in %s (--folder says where else to look)"):format(script.path, folder)
    end
    if what then
      refuse("%s; --recorded runs what the model's file remembers, which only a model from " ..
        "people you trust should", what)
    end
    local file <close> = assert(io.open(absolute(folder, script.path), "rb"))
    return file:read "a", false
  end
  if script and not script.text then
    refuse("the recipe of %s does not have the text of %s", options.file, script.path)
  end
  return script and script.text, true
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- Makes ready the scratch folder: there, the script does not find the model, unless it began with
-- it. Returns the file for standard input, if there is one.
local function prepare(scratch, recipe, folder, text)
  local file, script, input = absolute(folder, recipe.file), recipe.script, nil
  internals.redirect(scratch)
  local start = recipe.start and internals.real_path(absolute(folder, recipe.start.file))
  if not start or start ~= internals.real_path(file) then internals.redirect_hide(file) end
  if text and script.path == "-" then
    input = scratch .. "/standard-input"
    write(input, text)
  elseif text then
    local path = absolute(folder, script.path)
    internals.make_folder(path:match "^(.*)/")
    write(internals.redirect_write(path), text)
  end
  internals.redirect()
  return input
end

-- Runs it; returns the exit status, and the file that it wrote, or nil.
local function run(scratch, recipe, folder, input, quiet)
  local words = { internals.program_path(), "--redirect", scratch }
  table.move(recipe.before, 1, #recipe.before, #words + 1, words)
  local path = recipe.script and recipe.script.path
  words[#words + 1] = path and path:match "^%-." and "./" .. path or path
  table.move(recipe.arguments, 1, #recipe.arguments, #words + 1, words)
  if not quiet then
    io.stderr:write(("digits-lua: running %s in %s\n"):format(table.concat(words, " ", 4), folder))
  end
  local status = internals.attend(words, folder, input, quiet)
  local file = absolute(folder, recipe.file)
  internals.redirect(scratch)
  local made = internals.redirect_read(file)
  internals.redirect()
  return status, made ~= file and internals.kind_of(made) == "file" and made or nil
end

-- Compares the file with the one that was made now; prints what differs, or that nothing does.
local function judge(options, about, lines, made)
  local again, digest = recipes.read(made), core.load(made):digest()
  local learnt = internals.model_difference(options.file, made)
  recipes.compare(about, again, learnt ~= nil, lines)
  local now, recorded = core.load(options.file):digest(), about.recipe.sha256
  if now ~= recorded then
    lines[#lines + 1] = ("the file was edited: what it holds has the sha256 %s, but it was " ..
      "saved with %s"):format(now, recorded)
  end
  if learnt then lines[#lines + 1] = "learnt: " .. learnt end
  if #lines == 0 then
    print("the same, sha256 " .. digest)
    return true
  end
  print(("%s is not what its script makes now:"):format(options.file))
  for _, line in ipairs(lines) do print("  " .. line) end
  if not learnt then print("but what it has learnt is the same, sha256 " .. digest) end
  return false
end

local function reproduce(options)
  local about = recipes.read(options.file)
  local recipe = about.recipe
  local doubt = recipes.doubt(about)
  if doubt then refuse("%s %s", options.file, doubt) end
  local folder = find_folder(options, recipe)
  local text, recorded = find_script(options, recipe, folder)
  local lines = {}
  if text and not recorded then recipes.compare_scripts(recipe.script, text, lines) end
  local scratch <close> = internals.temporary_folder()
  local input = prepare(scratch:path(), recipe, folder, recorded and text or nil)
  local status, made = run(scratch:path(), recipe, folder, input, options.quiet)
  if status ~= 0 then
    lines[#lines + 1] = ("the script failed with status %d%s"):format(status,
      made and ", after it had saved the model" or "")
  end
  if not made then
    if status == 0 then lines[#lines + 1] = "the script does not save " .. recipe.file end
    print(("%s was not made again:"):format(options.file))
    for _, line in ipairs(lines) do print("  " .. line) end
    return false
  end
  if recipes.read(made).recipe.run ~= scratch:path() then
    refuse("%s cannot be proved: the script did not make it, but loaded it and saved it again",
      options.file)
  end
  return judge(options, about, lines, made)
end

return internals.define({
  path = "reproduce",
  params = {
    { "file", "path", required = true, doc = "a model, saved by a script as .safetensors" },
    { "folder", "path", named_only = true,
      doc = "where to run the script; without it, where the model says that it ran, else here" },
    { "recorded", "boolean", default = false, named_only = true,
      doc = "run the script and the words before it as the model's file remembers them: only " ..
        "for models from people you trust" },
    { "quiet", "boolean", default = false, named_only = true,
      doc = "do not show what the script prints" },
  },
  doc = [[
run the script that made a model again, and compare bit by bit
A model remembers its script, the words of the command line, options, seeds, and fingerprints of
the data. The script runs in a process of its own; what it writes goes to a scratch folder, which
is removed, so no file is changed. Prints "the same, sha256 ..." and ends with status 0; or prints
what differs, causes first, and ends with status 1. What the file itself remembers of the script
runs only with --recorded. Threads, workers and interrupted searches do not matter. What was trained
with products in bfloat16 needs a processor that has them.]],
  example = "digits-lua reproduce out/cnn.safetensors",
}, function(options)
  if not reproduce(options) then os.exit(1, true) end
end)
