#!/bin/sh
# chkconfig: 2345 80 20
# description: 100% of  it's  $HOME `x`
### BEGIN INIT INFO
# Provides:          odd_1:x.y
# Required-Start:    $remote_fs $network $syslog
# Required-Stop:     $remote_fs $network $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: 100% of  it's  $HOME `x`
### END INIT INFO

PATH=/usr/sbin:/usr/bin:/sbin:/bin
name=odd_1:x.y
program=/opt/fleet/bin/fleet
user=root
pidfile=/var/run/odd_1:x.y.pid

# The script stays when the package is removed and not purged.
[ -x "$program" ] || exit 0

running() {
  [ -r "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null
}

# What is in single quotes is meant to stand as it is.
# shellcheck disable=SC2016
start() {
  running && return 0
  (
    cd / || exit 1
    # The user's shell says the process id of the program.
    su -s /bin/sh -c '"$0" "$@" </dev/null >/dev/null 2>&1 & echo $!' \
      -- "$user" "$program" 'two words' '%h $HOME' 'back\slash' 'a"b' ';' '&' '' 'tab	tab' 'ünïcode' >"$pidfile"
  )
}

stop() {
  running || { rm -f "$pidfile"; return 0; }
  pid=$(cat "$pidfile")
  kill "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    running || break
    sleep 0.5
  done
  ! running || kill -KILL "$pid"
  rm -f "$pidfile"
}

case "$1" in
  start) start ;;
  stop) stop ;;
  restart | force-reload)
    stop
    start
    ;;
  try-restart | condrestart)
    ! running || { stop && start; }
    ;;
  status)
    if running; then
      echo "$name is running"
    else
      echo "$name is not running"
      exit 3
    fi
    ;;
  *)
    echo "Usage: $0 {start|stop|restart|try-restart|force-reload|status}" >&2
    exit 2
    ;;
esac
