import { words } from "./rule";

/** Programs of Unix systems that an injected command line calls. Their names are facts of the systems, not of a filter. */
export const UNIX_COMMANDS =
  words(`7z 7za 7zr ab alias ansible ansible-config ansible-console ansible-doc ansible-galaxy ansible-inventory
  ansible-playbook ansible-pull ansible-vault apt apt-get aptitude ar arch aria2c arj arp arping as ascii-xfr
  ascii85 ash aspell at atobm awk aws base32 base58 base64 basenc bash batch bconsole bpftrace breaksw bsdcat bsdiff bsdtar
  bundler busctl busybox byebug bunzip2 bzcat bzcmp bzdiff bzegrep bzexe bzfgrep bzgrep bzip2 bzip2recover bzless bzmore bzz c89 c99
  cancel capsh cat cc certbot chattr chdir check_by_ssh check_cups check_log check_memory check_raid check_ssl_cert
  check_statusfile chef chflags chgrp chmod chown chpass chroot chsh clang clang++ cmp cobc column comm composer cowsay
  cowthink cp cpan cpio cpulimit crash crontab csh csplit csvtool csvcut cscli cups curl cut dash date dd debugfs df dhclient
  dialog diff dig distcc dmesg dmidecode dmsetup dnf dnsmasq docker dosbox dpkg du dvips easy_install eb ed efax egrep emacs env
  eqn esac esh espeak ex exec execlp execvp exiftool expand expect export facter fetch fgrep file find finger fish flock fmt
  fold fping free ftp ftpstats ftpwho fuser g++ gawk gcc gcore gdb gem genie genisoimage getent getfacl ghc ghci gimp ginsh git
  go grc grep groff groups gtester gunzip gzcat gzexe gzip hash hashcat hd head hexdump highlight history host hostid hostname hping3
  htdigest htop htpasswd iconv id ifconfig iftop install ionice ip ip6tables ipconfig iptables irb ispell java jjs jobs join
  journalctl jq jrunscript julia kill killall knife ksh ksshell kubectl last lastcomm lastlog lastlogin latex latexmk ld ldconfig
  ldd less lftp links ln loadkeys locate logname logger look lp lpr ls lsb_release lscpu lsmod lsof lspci lsusb lscpu ltrace lua
  lualatex luatex lwp-download lwp-dump lwp-mirror lwp-request lynx lz lz4 lz4c lz4cat lzcat lzcmp lzdiff lzegrep lzgrep lzless
  lzma lzmadec lzmore mail mailq mailx make man mawk mkdir mkfifo mknod mktemp mlocate more mosquitto mount msfconsole
  msgattrib msgcat msgconv msgfilter msgmerge msguniq mtr multitime mv mysql mysqladmin mysqldump mysqldumpslow nano nasm nawk nc nc.openbsd
  nc.traditional ncat ncdu neofetch neqn net netcat netkit-ftp netplan netstat nft nice nl nm nmap node nodejs nohup npm npx nping nroff nsenter
  nslookup nstat octave od onintr openssl openvpn openvt opkg pandoc passwd paste patch pax pbjwatch pdb pdflatex pdftex pdksh perf
  perl perl5 perlsh perms pftp pg pgrep php php5 php7 php8 pico pidof pidstat pigz ping ping6 pip pip2 pip3 pkexec pkg pkg_info pkill
  popd pr printenv printf prctl pry ps psed psftp psql ptx pty pwd puppet pushd python python2 python3 qpdf rake
  rar raku rbash rc rcp readelf realpath red redcarpet redis redis-cli rename renice repeat replace restic rev rlogin rlwrap rm rmdir rmuser
  route rpm rpmdb rpmquery rpmverify rsh rsync ruby run-mailcap run-parts rview rvim sash scanmem scp screen script scrot sed
  service set setarch setenv setfacl setsid sftp sg sh sh.distrib shuf shutdown slsh smbclient snap socat soelim sort source split sqlite3
  sqlmap ss ssh ssh-keygen ssh-keyscan sshpass start-stop-daemon stat stdbuf strace strings su sudo svn sysctl systemctl
  systemd-resolve tac tail tailf tar task taskset tasksh tbl tclsh tcpdump tcping tcptraceroute tcsh tee telnet terraform tex
  tftp tic time timedatectl timeout tmate tmux top torify torsocks touch traceroute traceroute6 troff truncate tshark ul uname uncompress
  unexpand uniq unlink unlz4 unlzma unlzop unpigz unrar unset unshare unxz unzip unzstd update-alternatives uptime useradd userdel usermod
  users utmpdump uudecode uuencode uname valgrind vi view vim vimdiff vipw virsh visudo vmstat volatility w w3m wall watch wc wget whereis
  which who whoami whiptail whois wireshark wish xargs xdg-user-dir xdotool xelatex xetex xmodmap xmore xpad xterm xxd xz xzcat xzcmp xzdec xzdiff
  xzegrep xzgrep xzless xzmore yarn yash yelp yum zathura zcat zcmp zdiff zegrep zfgrep zgrep zip zipcloak zipinfo zless zmore zrun zsh
  zsoelim chef-vault chef-shell chef-run chef-client chef-solo chef-apply ssh-copy-id ssh-agent uconv pipx rmt ll shutdown reboot halt poweroff init insmod modprobe rmmod lsblk blkid fdisk parted mkfs swapon mdadm dmsetup losetup crond atd logrotate rsyslogd ufw firewall-cmd semanage getenforce setenforce aa-status usermod groupadd groupdel newgrp gpasswd visudo chage pwck tmux ltrace bc bridge choom cupsfilter dstat gsettings jshell k6 loginctl minicom mokutil multitime ncftp nohup ntpdate pexec pkgconf podman crictl ctr nerdctl helm minikube skopeo buildah rclone runuser sshuttle ssmtp terminator tshark tinyproxy udevadm unshare vigr wireplumber xclip xdg-open xsel zathura fdfind fzf bat exa rg eza ag ack deno bun ts-node tsc rustc cargo gdc dmd swift kotlinc scala groovy groovysh clojure lein erl elixir iex escript ocaml R Rscript octave-cli gnuplot tr uv uvx bg fg dc expr fc i386 x86_64 sudoedit doas bunx pnpm corepack crane dstat ksshell lp lprm lpq jobs aa-exec aoss apache2ctl apachectl nginx tmsh mtx mtr-packet jo yq gojq htmlq xmlstarlet xmllint base62 urlencode awk gawk lessecho lessfile ncurses tset tput stty script scriptreplay setterm sulogin agetty losetup mountpoint pivot_root fallocate fincore findmnt flock ipcs ipcmk ipcrm irqtop last lslocks lslogins lsns namei prlimit rename swapoff swapon utmpdump wdctl whereis zramctl nproc pinky tsort tty whoami sha1sum sha256sum sha512sum md5sum b2sum cksum runcon chcon dircolors mkdtemp link maxima sbcl clisp guile racket chicken gforth nim crystal zig vlang zstd zstdcat zstdgrep zstdless zstdmt zypper`);

/** Of these, what is also a word of a language, and means a command only with an option, a path, a pipe or a redirection. */
export const ALSO_WORDS =
  words(`bash alias arch as at batch cancel cat chef column comm crash cut date dash dialog diff dig ed eb env ex exec expand
  export expect facter fetch file find finger fish fold free genie git go groups hash head highlight history host id install ip java join
  jobs kill knife last less links locate look lp mail make man more mount net nice node pandoc passwd paste patch perf perl php ping pip
  pg pr pry ps puppet python raku rake red redis rename repeat replace rev route ruby script screen service set shuf shutdown snap sort
  source split ss stat strings su task tail tar tee tex time timeout top touch troff truncate tex ul uniq unlink unset uptime users
  view w wall watch wc which who whois wish yarn yelp zip make rc sg script rm cc ab ar cp dd df du hd ld ln ls mv nc nl nm od tbl vi ksh esh ip apt lua perms
  fmt go crash terraform docker snap watch which init bat ack ag swift bun bridge scala nim crystal zig racket elixir bc halt reboot shutdown helm rg r cargo tr uv bg fg dc fc expr crane jo jobs sum factor yes true false test seq link sync script nginx rename mountpoint tty last tset`);

/** Programs, built-in commands and cmdlets of Windows. */
export const WINDOWS_COMMANDS =
  words(`arp assoc at atbroker attrib auditpol bash bcdboot bcdedit bginfo bitsadmin bootcfg cacls cdb certoc
  certreq certutil chcp chkdsk cipher cmd cmdkey cmstp comp compact control convert copy cscript csc csvde dcdiag del dfsvc dir
  diskpart diskshadow dnscmd doskey driverquery dsget dsquery dxcap echo erase esentutl eventcreate eventvwr expand explorer extexport extrac32
  fc find findstr finger fltmc forfiles format fsutil ftp ftype getmac gpfixup gpresult gpscript gpupdate hh icacls ie4uinit ieexec ilasm
  imewdbld infdefaultinstall installutil ipconfig jsc klist ldifde logoff makecab mavinject mklink mmc mode more mountvol move msbuild msconfig msdt
  mshta msiexec mstsc nbtstat net net1 netdom netsh netstat nltest notepad nslookup ntbackup ntdsutil ntsd odbcconf openfiles
  path pathping pcalua pcwrun perfmon ping pnputil powercfg powershell powershell_ise presentationhost print psexec psservice pubprn pushd pwsh qprocess query quser
  qwinsta rasautou rcsi rdpsign recover reg regasm regedit regini regsvcs regsvr32 relog ren rename replace repair-bde reset rmdir robocopy route
  rundll32 runas runonce runscripthelper sc schtasks scriptrunner secedit setx sfc shutdown sqldumper sqlps squirrel subst syncappvpublishingserver
  sysprep systeminfo takeown taskkill tasklist telnet tftp tlntadmn tracerpt tracert tree ttdinject tttracer type tzutil update
  vaultcmd vbc verclsid vssadmin vsjitdebugger w32tm wab waitfor wbadmin wecutil wevtutil where whoami winrm winrs wmic wscript wsreset wusa xcopy xwizard
  ver vol set start call cd md rd cls date time title assoc dism defrag djoin dnstat wuauclt iwr iex irm ni gci gcm gwmi iwmi ihy saps ii icm rvpa
  invoke-expression invoke-webrequest start-process get-content`);

/** Of these, what is also a word of a language. */
export const WINDOWS_ALSO_WORDS =
  words(`at bash call cipher compact comp control convert copy date defrag del dir echo erase expand explorer find finger
  format ftp ii mode more move net notepad path ping print query recover reg relog ren rename repair replace reset route set
  shutdown sc start subst time title tree type update vol where ver ni comp squirrel md rd cd fc hh expand cls sfc perfmon telnet control
  pathping arp cmd`);

/** Verbs of PowerShell's cmdlets (Get-Verb) that act on a machine. */
export const CMDLET_VERBS =
  words(`add approve assert backup block checkpoint clear close compare complete compress confirm connect convert convertfrom
  convertto copy debug deny disable disconnect dismount edit enable enter exit expand export find format get grant group hide import
  initialize install invoke join limit lock measure merge mount move new open optimize out ping pop protect publish push read receive
  redo register remove rename repair request reset resize resolve restart restore resume revoke save search select send set show skip
  sort split start stop step submit suspend switch sync tee test trace unblock undo uninstall unlock unprotect unpublish unregister update use
  wait watch where write`);

/** Nouns of cmdlets that injected commands use. */
export const CMDLET_NOUNS =
  words(`webrequest expression restmethod command item itemproperty childitem content process service object location wmiobject
  wmimethod ciminstance cimmethod job history host job eventlog computer psdrive pssession psprovider acl alias member module variable scheduledtask
  netfirewallrule mppreference executionpolicy clipboard string path securestring hotfix localuser localgroup localgroupmember aduser adcomputer
  csv json xml html cliXml clixml bitstransfer type event psbreakpoint psdebug culture date random unique sleep transcript verb uiculture
  credential counter authenticodesignature formatdata pfxcertificate runspace tracesource transaction updatabletypes controlpanelitem help null
  printer table list wide custom file gridview default`);
