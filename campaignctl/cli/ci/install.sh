# Isolated from the checkout and its files: another folder, and `-I`. Pinned: the package by its hash or commit,
# what it needs by the lock that it carries.
mkdir -p "$CAMPAIGNCTL_TOOLS"
cd "$CAMPAIGNCTL_TOOLS"
python -I -m venv tool
pip="tool/bin/python -I -m pip --disable-pip-version-check install --quiet --no-deps"
case "$CAMPAIGNCTL_PACKAGE" in
  git+*)
    package=${CAMPAIGNCTL_PACKAGE#git+}
    git clone --quiet --no-checkout -- "${package%@*}" source
    git -C source -c advice.detachedHead=false checkout --quiet "${package##*@}"
    $pip --require-hashes -r source/requirements-build.lock
    $pip --no-build-isolation ./source
    ;;
  *)
    echo "$CAMPAIGNCTL_PACKAGE" > package.txt
    $pip --require-hashes --only-binary :all: -r package.txt
    ;;
esac
$pip --require-hashes --only-binary :all: -r tool/share/campaignctl/requirements.lock
mkdir bin
printf '#!/bin/sh\nexec "%s/tool/bin/python" -I -m campaignctl "$@"\n' "$PWD" > bin/campaignctl
chmod +x bin/campaignctl
