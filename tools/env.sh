# Sourced by the scripts, from the project's folder: the Node that tools/install may have put into build/node comes first.
if [ -x build/node/node_modules/node/bin/node ] && [[ ":$PATH:" != *":$PWD/build/node/node_modules/node/bin:"* ]]; then
    PATH="$PWD/build/node/node_modules/node/bin:$PATH"
    export PATH
fi
