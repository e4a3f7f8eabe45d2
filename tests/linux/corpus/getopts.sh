# SPDX-License-Identifier: MIT
# getopts as scripts use it.
show() {
    OPTIND=1
    while getopts ab:c opt "$@"; do
        case $opt in
            a|c) echo "option $opt" ;;
            b) echo "option b with [$OPTARG]" ;;
            \?) echo "unknown, OPTARG [${OPTARG-unset}]" ;;
        esac
    done
    echo "status $? opt $opt OPTIND $OPTIND"
    shift $((OPTIND - 1))
    echo "rest $*"
}
show -a -b value -c rest of it
show -acb value rest
show -bvalue -- -a
show
show plain -a
show -a -
show -x -a 2>/dev/null
show -b 2>/dev/null
quiet() {
    OPTIND=1
    while getopts :ab: opt "$@"; do
        echo "$opt [${OPTARG-unset}]"
    done
}
quiet -a -x -b
quiet -ax -b 1
set -- -a -b other; OPTIND=1
while getopts ab: opt; do echo "$opt ${OPTARG-none}"; done
