# ps with the columns and habits of BSD's: `comm` is what the process was started as, or calls itself, `-E` adds its
# environment, and what is not found is an exit status of 1. $proc is the folder that it reads.
use strict;
use warnings;
use POSIX ();

our $proc;
my (@columns, @pids, $all, $environment);
while (defined(my $option = shift)) {
    if ($option eq '-A') { $all = 1 }
    elsif ($option eq '-E') { $environment = 1 }
    elsif ($option eq '-ww') { }
    elsif ($option eq '-o') { push @columns, split /,/, shift // '' }
    elsif ($option eq '-p') { push @pids, split /,/, shift // '' }
    else { print STDERR "ps: illegal option -- $option\n"; exit 1 }
}

sub text {
    open my $file, '<', "$proc/$_[0]" or return '';
    local $/;
    return <$file> // '';
}

my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my ($boot) = text('stat') =~ /^btime (\d+)/m;
@pids = sort { $a <=> $b } map { m{/(\d+)$} ? $1 : () } glob "$proc/[0-9]*" if $all;
my $found = 0;
for my $pid (@pids) {
    next unless $pid =~ /^\d+$/;
    my ($name, $rest) = text("$pid/stat") =~ /^\d+ \((.*)\) (.*)/s or next;
    my ($state, $ppid, $group, @more) = split / /, $rest;
    my @words = split /\0/, text("$pid/cmdline");
    my %is = (
        pid => $pid, ppid => $ppid, pgid => $group, state => $state eq 'S' ? 'Ss+' : $state,
        lstart => POSIX::strftime('%a %b %e %H:%M:%S %Y', localtime(int($boot + $more[16] / $ticks))),
        comm => @words ? $words[0] : "($name)",
        args => @words ? "@words" : "($name)",
    );
    $is{command} = $is{args} . ($environment ? join '', map { " $_" } split /\0/, text("$pid/environ") : '');
    $found = 1;
    my @fields = map { my ($column) = /^(\w+)=/; sprintf $column =~ /id$/ ? '%5s' : '%-8s', $is{$column} // '' } @columns;
    print join(' ', @fields), "\n";
}
exit($found ? 0 : 1);
