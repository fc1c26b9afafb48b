# vendor/fetch-peers, with a python3 that makes believe: its environments hold what pip is told to bring.
. tests/setup/tap.sh
export DIGITS_DISTRIBUTION=debian XDG_CACHE_HOME=$scratch/cache
export PEERS_CALLS=$scratch/calls PEERS_STATE=$scratch/state
cache=$XDG_CACHE_HOME/digits-lua peers=$XDG_CACHE_HOME/digits-lua/peers
mkdir "$PEERS_STATE"

# $PEERS_STATE holds what this python3 is to do: no-venv, no-index, no-wheel, no-pip, killed, no-import
fake python3 '
if [ "$1" = -c ]; then [ ! -e "$PEERS_STATE/no-venv" ]; exit; fi
[ "$1 $2" = "-m venv" ] || exit 1
mkdir -p "$3/bin" && cp "$0.inner" "$3/bin/python" && : >"$3/bin/activate"'
cat >"$scratch/bin/python3.inner" <<'END'
#!/bin/sh
here=$(dirname "$0")/..
case $* in
*versions.py)
    [ -f "$here/installed" ] || exit 1
    [ ! -f "$here/broken" ] || exit 1
    if [ -e "$PEERS_STATE/no-import" ]; then echo "failed LightGBM OSError: no libgomp"; else echo "LightGBM 4.7"; fi
    echo "PyTorch 2.15"
    ;;
*"pip index"*)
    echo "index $*" >>"$PEERS_CALLS"
    [ ! -e "$PEERS_STATE/no-index" ]
    ;;
*"pip install"*)
    echo "install $*" >>"$PEERS_CALLS"
    if [ -e "$PEERS_STATE/killed" ]; then kill -KILL $PPID; exit 1; fi
    if [ -e "$PEERS_STATE/no-wheel" ]; then case $* in *--index-url*) exit 1 ;; esac; fi
    [ ! -e "$PEERS_STATE/no-pip" ] || { echo "pip: no such wheel"; exit 1; }
    : >"$here/installed"
    ;;
esac
END
chmod +x "$scratch/bin/python3.inner"
fake uname 'echo Linux'
fake df 'echo "Filesystem 1024-blocks Used Available"; echo "/dev/x 1 1 $(cat "$PEERS_STATE/free")"'
echo 90000000 >"$PEERS_STATE/free"
for program in id sudo apt-get apt-cache; do fake $program "echo $program \"\$@\" >>$PEERS_CALLS; exit 1"; done

fetch() {
    : >"$PEERS_CALLS"
    vendor/fetch-peers >"$out" 2>&1
}
set_state() { for word; do : >"$PEERS_STATE/$word"; done; }
clear_state() { for word; do rm -f "$PEERS_STATE/$word"; done; }
called() { grep -q -e "$1" "$PEERS_CALLS"; }
alone() { [ "$(ls -A "$cache")" = "${1-peers}" ]; }

check "makes an environment" fetch
check "that runs" sh -c "'$peers/bin/python' versions.py"
check "and nothing beside it" alone
check "with PyTorch's wheel for processors" called 'install.*--index-url https://download.pytorch.org/.*torch>='
check "and the rest of vendor/peers.txt" called 'install.*--requirement.*/vendor/peers.txt$'
check "says the size first" says 'downloading about 0.6 GB;'
check "says the versions" says '^peers: LightGBM 4.7, PyTorch 2.15$'
check "keeps no script that names the folder where it was made" [ ! -e "$peers/bin/activate" ]
check "does nothing when all is there" fetch
check "but say so" says "all installed in $peers"
check "without pip" [ ! -s "$PEERS_CALLS" ]

set_state no-index
: >"$peers/broken"
check "makes a broken one again" fetch
check "and says so" says "$peers is broken or was made from another list"
check "whole" [ ! -e "$peers/broken" ]
check "by PyPI's wheels where PyTorch's index is out of reach" not called 'install.*--index-url'
check "whose size it says" says 'downloading about 3.2 GB;'
echo '# another list' >>"$peers/peers.txt"
check "makes one of another list again" fetch
check "as it should be" cmp vendor/peers.txt "$peers/peers.txt"
rm "$peers/versions"
check "makes a half-made one again" fetch
check "with its versions" [ -s "$peers/versions" ]
check "and then is content" fetch
check "for it is all there" says 'all installed'
clear_state no-index

rm -rf "$peers"
set_state no-wheel
check "takes PyPI's wheel when PyTorch's own cannot be installed" fetch
check "and says its size" says 'downloading about 3.2 GB;'
clear_state no-wheel

set_state no-import
check "makes again what can no longer be imported" fetch
check "names what cannot be imported then" says '^peers: LightGBM cannot be imported.*: OSError: no libgomp$'
check "and is content with that" fetch
check "but says it again" says '^peers: LightGBM cannot be imported'
clear_state no-import

rm -rf "$peers"
set_state no-pip
check "fails when pip fails" not fetch
check "shows what pip said" says '^pip: no such wheel$'
check "leaves nothing" alone ''
clear_state no-pip

set_state killed
fetch
check "leaves nothing under the name when killed" [ ! -e "$peers" ]
check "but its own folder" not alone ''
clear_state killed
check "which the next run removes" fetch
check "and makes the environment" alone

rm -rf "$peers"
echo 3000000 >"$PEERS_STATE/free"
check "refuses a disk that is too full" not fetch
check "says what is free and what it takes" says "has 3 GB free, but this temporarily needs 4 GB"
check "before anything is installed" not called install
echo 90000000 >"$PEERS_STATE/free"

set_state no-venv
fake dpkg-query 'exit 1'
fake id 'echo 1000'
check "fails without venv" not fetch
check "names the package" says 'could not install python3-venv'
fake dpkg-query 'shift 3; for package; do echo "installed $package"; done'
check "fails too when the package is there but python3 is another" not fetch
check "names both then" says "$scratch/bin/python3 has no venv with pip .*python3-venv"
clear_state no-venv
check "lists what the bench compares with" \
    [ "$(sed -n 's/^\([a-z-]*\)[<>=].*/\1/p' vendor/peers.txt | tr '\n' ' ')" = \
    "torch pandas scikit-learn scikit-learn-intelex lightgbm xgboost-cpu xgboost " ]
finish
