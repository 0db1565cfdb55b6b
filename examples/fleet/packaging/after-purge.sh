# The state of the control service goes when the administrator asks for everything to go, and only then.
rm -f /var/lib/fleet/nodes.json
if [ -d /var/lib/fleet ]; then
    rmdir --ignore-fail-on-non-empty /var/lib/fleet
fi
