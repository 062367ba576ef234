cd /home/someone/sambung # BAD
config=/root/.sambung # BAD
log=/tmp/log # BAD
log=${TMPDIR:-/tmp}/log
home=$root/home/x
