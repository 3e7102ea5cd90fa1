# Completion of conclave for fish 3 and newer: what "conclave completion fish" prints.
#
# What has been typed goes through a pipe, where no list of processes shows it. "command conclave" is the
# program in PATH: the first word of the line may be another, and nothing that was only typed is to run.
function __conclave_ask
    set -g __conclave_answer (commandline -cp | command conclave __complete fish 2>/dev/null)
    # Any other answer is for the files of this machine, which fish completes by itself.
    contains -- "$__conclave_answer[1]" words paths
end
# The shell quotes what it is given here.
complete -c conclave -n __conclave_ask -f -a '$__conclave_answer[2..-1]'
