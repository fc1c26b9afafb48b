-- Runs busted inside digits-lua; its options and the spec files are the script's arguments.
require "busted.runner" { standalone = false }
