# New services are known to the firewall and to the log at once. Neither may stop the installation.
if command -v firewall-cmd >/dev/null 2>&1; then
    firewall-cmd --reload >/dev/null 2>&1 || :
fi
if command -v systemctl >/dev/null 2>&1; then
    systemctl reload-or-restart rsyslog.service >/dev/null 2>&1 || :
fi
