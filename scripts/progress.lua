-- The progress of a fit: a bar that is redrawn on a terminal, and a line for each epoch. Other
-- steps (rounds, iterations) are many and short: they share one bar, or, without a terminal, at
-- most ten lines.
local internals = require("digits.core").internals
local duration = require "digits.duration"
local scores_of = require("digits.show").scores

local WIDTH = 24 -- of the bar
local LINES = 10 -- for short steps, at most

local function scores(log)
  local parts = {}
  for i, name in ipairs(scores_of(log)) do parts[i] = ("%s %.4f"):format(name, log[name]) end
  return table.concat(parts, "  ")
end

local function count(name, at, of)
  return ("%s %" .. #tostring(of) .. "d/%d"):format(name, at, of)
end

local function place(log)
  if log.step then return count(log.step, log.epoch, log.epochs) end
  if log.batches == 0 then return "fitted" end
  return ("%d %s"):format(log.batches, log.batches == 1 and "tree" or "trees")
end

-- A bar for `done` of `all` steps, which took `seconds` so far.
local function bar(title, done, all, seconds, log)
  local full = math.floor(WIDTH * done / all)
  return ("%s [%s%s] %s  %s left"):format(title, ("="):rep(full), ("."):rep(WIDTH - full),
    scores(log), duration(seconds / done * (all - done)))
end

local started -- seconds of the short steps so far

local function is_short(step) return step and step ~= "epoch" end

local function short(log, terminal)
  started = (log.epoch == 1 and 0 or started or 0) + log.seconds
  if terminal then
    io.stdout:write("\r", bar(place(log), log.epoch, log.epochs, started, log), "\27[K")
    return true
  elseif log.epoch % math.ceil(log.epochs / LINES) == 0 or log.epoch == log.epochs then
    io.stdout:write(place(log), "  ", duration(started), "  ", scores(log), "\n")
    return false
  end
end

local function show(event, log, terminal)
  local unfinished = false
  if event == "batch" then
    if is_short(log.step) then return end
    local title = log.step and place(log) or count("tree", log.batch, log.batches)
    io.stdout:write("\r", bar(title, log.batch, log.batches, log.seconds, log), "\27[K")
    unfinished = true
  elseif is_short(log.step) then
    unfinished = short(log, terminal)
  else
    local line = { place(log), duration(log.seconds), scores(log) }
    io.stdout:write(terminal and "\r" or "", (table.concat(line, "  "):gsub("%s+$", "")),
      terminal and "\27[K\n" or "\n")
  end
  io.stdout:flush()
  return unfinished
end

-- event: "batch" redraws the bar, "epoch" writes a line. Returns whether the line is unfinished, or
-- nil if nothing was written.
return function(...) return internals.c_locale(show, ...) end
