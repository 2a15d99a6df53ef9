import { type Text } from "../lex/text";
import { bounded, type TextRule, words } from "./rule";
import { isFree, isProse, isTerse } from "./where";

/** Functions of PHP that run code, touch files or tell about the system. */
const DANGEROUS =
  words(`array_filter array_map array_reduce array_walk array_walk_recursive array_diff_uassoc assert assert_options base64_decode
  bzopen bzread call_user_func call_user_func_array chgrp chmod chown chroot convert_uudecode copy create_function curl_exec curl_init
  curl_multi_exec debug_backtrace define dl escapeshellarg escapeshellcmd eval exec expect_popen extract file file_exists file_get_contents file_put_contents
  filegroup fileowner fileperms filter_var finfo_open fopen forward_static_call forward_static_call_array fpassthru fputs fputcsv fread fsockopen func_get_args ftp_connect ftp_get ftp_put
  get_cfg_var get_current_user get_defined_vars getcwd getenv getmypid getmyuid glob gzcompress gzfile gzinflate gzopen gzuncompress header_register_callback highlight_file hex2bin include include_once
  ini_alter ini_get ini_set ini_restore iptcembed is_dir is_executable is_file is_readable is_writable isset link ldap_connect lcfirst mail mb_ereg_replace mkdir move_uploaded_file mysqli_connect mysqli_query mysql_connect mysql_query
  ob_get_contents ob_get_clean ob_start opendir parse_ini_file parse_str passthru pcntl_exec pcntl_fork pfsockopen phpinfo phpversion php_uname php_strip_whitespace popen posix_getcwd posix_getpwuid posix_getuid
  posix_kill posix_mkfifo posix_setuid posix_uname preg_replace preg_replace_callback print_r printf proc_close proc_get_status proc_nice proc_open proc_terminate putenv read_exif_data readdir readfile readgzfile readlink
  register_shutdown_function register_tick_function rename require require_once rmdir rot13 scandir session_start set_error_handler set_exception_handler setlocale shell_exec
  show_source simplexml_load_file simplexml_load_string socket_connect socket_create spl_autoload_register sqlite_popen str_rot13 stream_context_create stream_get_contents stream_socket_client strrev symlink syslog system tempnam
  tmpfile touch uasort uksort unlink unserialize urldecode usort var_dump var_export virtual xmlrpc_decode zip_open is_callable is_a chr print sprintf strtr serialize`);

/** Of these, what other languages and sentences call too. */
const COMMON =
  words(`assert copy define eval exec extract file glob include isset link mail mkdir print printf rename require rmdir sprintf
  symlink system touch unlink chmod chown readdir opendir popen fopen header virtual syslog chr require_once include_once getenv putenv is_file urldecode serialize getcwd print_r rot13 dl scandir
  readlink chroot fread fputs chgrp copy file_exists curl_init phpversion lcfirst setlocale tempnam opendir define var_dump strrev`);

/** Other functions of PHP whose names have no underscore; with one, any name counts at this level. */
const ORDINARY =
  words(`abs acos array basename bindec checkdate checkdnsrr chdir chop compact constant count crc32 crypt ctype_alnum current date
  decbin dechex decoct dir dirname each empty end explode fclose feof fflush fgetc fgets filectime filemtime fileatime filesize filetype flock floor flush
  fileinode floatval fmod fnmatch fprintf fscanf fseek fstat ftell ftok ftruncate fwrite getdate gethostbyaddr gethostbyname gethostbynamel gethostname getimagesize getlastmod getmxrr getmygid getmyinode
  getopt getprotobyname getrandmax getrusage getservbyname gettext gettimeofday gettype gmdate gmmktime hash hexdec highlight_string htmlentities idate implode
  intdiv intval ip2long iptcparse join key krsort ksort lchgrp lchown levenshtein list localeconv localtime log10 long2ip lstat ltrim max md5 metaphone microtime min
  mktime natsort next nl2br openlog ord pack parse_url pathinfo pclose phpcredits pi pos pow prev quotemeta rand random_bytes range rawurldecode realpath reset rewind
  rsort rtrim settype sha1 shuffle similar_text sizeof sleep sort soundex split stat strcmp stripos stripslashes strlen strpos strstr strtok strtolower strtotime strtoupper substr
  trim ucfirst ucwords uniqid unpack unset usleep vprintf wordwrap closedir closelog ezmlm fputcsv ftell getallheaders getmypid long2ip crc32 bin2hex lcg_value mt_rand umask implode var_export`);

const COMMENT = "(?:\\s|/\\*[^*]{0,60}\\*/|//[^\\n]{0,60}\\n|#[^\\n]{0,60}\\n){0,6}";
const CALL = bounded(`(?:^|[^a-z0-9_>$.:-])@?\\\\?([a-z][a-z0-9_]{1,60})${COMMENT}\\(`, "g");

function calls(text: Text, test: (name: string, glued: boolean) => boolean): boolean {
  if (!isFree(text) || !text.has("(")) return false;
  let count = 0;
  for (const match of text.lower.matchAll(CALL)) {
    if (++count > 500) return false;
    if (test(match[1]!, match[0].endsWith(`${match[1]}(`))) return true;
  }
  return false;
}

const PATTERN = bounded("^(?:is|print|session)_");

const NAMED = new Set([...DANGEROUS].filter((name) => name.includes("_") && !COMMON.has(name) && !PATTERN.test(name)));

const NAMES = bounded(
  "(?:^|[^a-z0-9_.-])(?:phpinfo|passthru|fsockopen|pfsockopen|gzinflate|gzuncompress|gzcompress|readgzfile|gzopen|bzopen|unserialize|phpversion|getmyuid|escapeshellcmd|fpassthru|fputcsv|bzdecompress|gzdecode|gzencode|gzdeflate|invokeargs|reflectionfunction|reflectionmethod|apache_child_terminate|call_user_method(?:_array)?|sys_get_temp_dir|__halt_compiler|zlib_decode|wp_(?:safe_)?remote_(?:get|post|head|request|fopen)|base64_decode|file_get_contents|file_put_contents|convert_uudecode|create_function|str_rot13|readgzfile|bzopen|bzread|getmypid|getmyuid|php_uname|set_include_path|preg_replace_callback|pcntl_exec|proc_open)(?:$|[^a-z0-9_-])",
);
const NAMES_2 = bounded("[a-z][a-z0-9]{1,20}_[a-z0-9_]{2,40}", "g");

function names(text: string): boolean {
  let count = 0;
  if (NAMES.test(text)) return true;
  for (const match of text.matchAll(NAMES_2)) {
    if (++count > 500) return false;
    if (NAMED.has(match[0])) return true;
  }
  return false;
}

const HAS_PHP_SHAPE = bounded("^[a-z0-9]{2,20}_[a-z0-9_]{2,50}$");

/** Any function of PHP by the way its names are made: words joined by underscores. */
function hasPhpShape(name: string): boolean {
  return ORDINARY.has(name) || DANGEROUS.has(name) || HAS_PHP_SHAPE.test(name);
}

const SETTING = bounded(
  "(?:^|[^a-z0-9_])(?:allow_url_(?:fopen|include)|auto_(?:append|prepend)_file|disable_(?:functions|classes)|open_basedir|safe_mode|suhosin\\.|display_errors|enable_dl|extension_dir|register_globals|error_prepend_string|error_append_string|unserialize_callback_func|output_handler|mail\\.(?:add_x_header|force_extra_parameters|log)|sys_temp_dir|upload_tmp_dir|user_ini\\.filename|zend_extension|zend\\.\\w{1,30}|session\\.(?:save_path|save_handler|auto_start|use_trans_sid|upload_progress)|opcache\\.\\w{1,30}|cgi\\.(?:force_redirect|fix_pathinfo)|assert\\.(?:active|callback)|include_path|html_errors|browscap|variables_order|request_order|arg_separator\\.(?:input|output)|default_charset|expose_php|file_uploads|implicit_flush|log_errors|max_execution_time|max_input_time|memory_limit|post_max_size|precision|short_open_tag|sendmail_path|smtp_port|track_errors|upload_max_filesize|xmlrpc_errors|mbstring\\.\\w{1,30}|pcre\\.\\w{1,30}|soap\\.wsdl_\\w{1,30}|apc\\.\\w{1,30}|assert\\.\\w{1,30}|docref_(?:ext|root)|engine|hard_timeout|ignore_user_abort|realpath_cache_\\w{1,10}|(?:mysqli?|ldap|date|phar|sqlite3?|intl|odbc|zlib|tidy|gd|iconv|ibase|curl|oci8|pgsql|soap|ffi|xdebug|memcached?|filter|exif|assert|apc|pcre|session|mbstring|mail|zend|cgi|suhosin|url_rewriter|highlight|sql|uploadprogress)\\.[a-z_]{3,40}|asp_tags|auto_detect_line_endings|auto_globals_jit|doc_root|user_dir|xbithack|sendmail_from|serialize_precision|report_memleaks|register_argc_argv|magic_quotes_\\w{1,8}|ignore_repeated_\\w{1,6}|error_log|error_reporting|display_startup_errors|log_errors_max_len|(?:bcmath|cli|com|fbsql|http|ifx|ingres|mcrypt|msql|mssql|nsapi|pdo_\\w{2,10}|runkit|sybase|sybct|sysvshm|windows|xmms|yami|mysqlnd|gpc_order|unicode|imap|hash|openssl|wincache|xcache|blackfire|newrelic|uopz|sqlsrv|snuffleupagus|sodium|pgsql|birdstep|arg_separator|birdstep|bz2|cassandra|printer)\\.[a-z_]{2,40}|output_buffering|output_encoding|input_encoding|internal_encoding|last_modified|allow_webdav_methods|async_send|child_terminate|user_agent|zend\\.[a-z_]{3,40}|y2k_compliance|windows_show_crt_warnings|report_zend_debug|ignore_user_abort|default_(?:mimetype|socket_timeout)|define_syslog_variables|detect_unicode|enable_post_data_reading|allow_call_time_pass_reference|always_populate_raw_post_data|xmlrpc_error_number|max_file_uploads|max_input_(?:vars|nesting_level))\\s{0,8}=",
);

/** The first words of the extensions' functions: who calls such a name calls PHP. */
const PHP_EXTENSION = bounded(
  "^(?:apache|apcu?|array|bz|cal|ctype|curl|db2|dba|dbase|debug|enchant|error|escape|exif|fdf|ftp|func|gmp|gnupg|gz|ibase|iconv|idn|ifx|iis|imagick|imap|ini|iptc|ldap|libxml|mb|mcrypt|mhash|ming|msql|mssql|mysqli?|ncurses|ob|oci|odbc|opcache|openssl|pcntl|pdo|pg|php|posix|preg|proc|pspell|readline|recode|sem|session|shm|shmop|simplexml|snmp|socket|sodium|spl|sqlite|sqlsrv|ssh2|stats|stream|svn|swoole|sybase|tidy|timezone|token|trader|var|wddx|win32|xattr|xdiff|xml|xmlrpc|xmlwriter|yaml|yaz|zend|zip|zlib|wp)_[a-z0-9_]{2,60}$",
);
const CGI_VARIABLE = bounded(
  "(?:^|[^a-z0-9_])(?:auth_type|document_root|gateway_interface|http_(?:accept(?:_charset|_encoding|_language)?|connection|cookie|host|keep_alive|referer|user_agent|x_forwarded_for)|https?_proxy|orig_path_info|path_(?:info|translated)|php_(?:auth_(?:digest|pw|user)|self)|query_string|remote_(?:addr|host|ident|port|user)|request_(?:method|uri|time)|script_(?:filename|name|uri|url)|server_(?:addr|admin|name|port|protocol|signature|software))(?:$|[^a-z0-9_])",
);
const PHP_OPEN_TAG = bounded(
  "<\\?(?:php(?:[^a-z0-9_]|$)|=|\\s|[^a-z!/ ?xp]|p[^h]|$(?!.)|x(?!ml\\s{1,10}(?:version|encoding|standalone)|ml-|ml\\?|[^m]|$))|[\\[{][/\\\\]?php[\\]}]",
);
const PHP_OPEN_TAG_2 = bounded("<\\?\\s{0,20}should|^<\\?$");
const PHP_VARIABLE = bounded(
  "\\$[\\s{'\"]{0,6}(?:_(?:get|post|cookie|request|server|files|env|session)\\b|globals\\b|http_(?:raw_post_data|get_vars|post_vars|cookie_vars|server_vars|env_vars|session_vars|post_files|response_header)\\b|php_errormsg\\b|argv\\b)",
);
const PHP_VARIABLE_CALL = bounded(
  `\\$+${""}`.replace("+", "{1,3}") +
    `(?:[a-z_\\x80-\\xff][\\w\\x80-\\xff]{0,40}|\\{[^}]{1,60}\\})(?:${COMMENT}(?:\\[[^\\]]{1,40}\\]{1,3}|\\{[^}]{1,40}\\})){0,3}${COMMENT}\\(`,
);
const PHP_VARIABLE_CALL_2 = bounded("\\$(?:\\.|\\()");
const PHP_STRING_CALL = bounded(
  "(?:\\([a-z_.'\"$()]{2,60}\\)|\\[[\\[\\]a-z_.'\"]{2,60}\\](?:\\[\\d\\]){1,3}|[\"'][a-z_]{2,30}[\"']|[)\\]}])(?:\\[\\d\\]){0,3}\\([^()]{1,80}\\)(?:;|$|\\))",
);
const PHP_STRING_CALL_2 = bounded(
  "(?:^|[^a-z0-9])\\(\\(?[a-z_.'\"$()]{2,60}\\)\\([^)]{0,60}\\);|[\"']\\.[\"'(]|\\]\\[\\d\\]\\(|\\](?:\\[\\d\\])?\\([a-z'\"]|\\(string\\)|\\)\\(['\"@][a-z]|[\"'][a-z_]{2,30}[\"']\\([a-z@'\"$]",
);
const PHP_OBJECT = bounded('(?:^|[^a-z0-9])[oc]:\\+?\\d{1,6}:\\\\?"[^"]{1,120}\\\\?":\\d{1,6}:\\{');
const PHP_STREAM = bounded(
  "(?:^|[^a-z0-9.+-])(?:php|phar|zip|compress\\.(?:zlib|bzip2)|zlib|bzip2|glob|expect|ogg|rar|ssh2(?:\\.(?:shell|exec|tunnel|sftp|scp))?|data|input)://",
);
const PHP_MEMBER = bounded("\\$\\{?\\$?[a-z_]\\w{0,40}\\}?\\s{0,4}(?:\\[|->|::|\\{|=[^=>])|\\$\\{\\s{0,4}['\"@$_]");

export const PHP_RULES: readonly TextRule[] = [
  {
    id: "php-open-tag",
    what: "code of PHP begins",
    test: (text) =>
      isFree(text) &&
      (text.has("<") || text.has("[{")) &&
      PHP_OPEN_TAG.test(text.lower) &&
      !PHP_OPEN_TAG_2.test(text.lower),
  },
  {
    id: "php-function",
    what: "a function of PHP that runs code or reads files",
    test: (text) =>
      (text.field.kind !== "path" && calls(text, (name) => DANGEROUS.has(name) && !COMMON.has(name))) ||
      (text.field.kind !== "path" && !isProse(text) && calls(text, (name, glued) => COMMON.has(name) && glued)),
  },
  {
    id: "php-variable",
    what: "a variable that PHP gives to scripts",
    test: (text) => isFree(text) && (text.has("$") || text.field.isName) && PHP_VARIABLE.test(text.lower),
  },
  {
    id: "php-variable-call",
    what: "a function is called by the name in a variable or string",
    test: (text) =>
      isFree(text) &&
      text.has("(") &&
      text.has("$'\"[{)") &&
      !isProse(text) &&
      PHP_VARIABLE_CALL.test(text.lower) &&
      !PHP_VARIABLE_CALL_2.test(text.lower),
  },
  {
    id: "php-string-call",
    what: "a function is called by a name in pieces",
    test: (text) => {
      if (!isFree(text) || !text.has("(") || !text.has(")]}'\"")) return false;
      const compact = text.compact;
      return PHP_STRING_CALL.test(compact) && PHP_STRING_CALL_2.test(compact);
    },
  },
  {
    id: "php-object",
    what: "an object that PHP would unserialise",
    test: (text) => isFree(text) && text.has(":") && PHP_OBJECT.test(text.lower),
  },
  {
    id: "php-stream",
    what: "a stream that PHP opens as a file",
    test: (text) => isFree(text) && text.has(":") && PHP_STREAM.test(text.lower),
  },
  {
    id: "php-configuration",
    what: "a setting of PHP",
    // As a parameter's name it stands without its equals sign.
    test: (text) => isFree(text) && text.has("_.") && SETTING.test(text.field.isName ? `${text.lower}=` : text.lower),
  },
  {
    id: "php-function-name",
    what: "the name of a function of PHP that runs code or reads files",
    test: (text) => isFree(text) && !isProse(text) && text.field.kind !== "path" && names(text.lower),
  },
  {
    id: "php-member",
    what: "a variable of PHP and what belongs to it",
    test: (text) =>
      isFree(text) && text.has("$") && text.field.kind !== "json" && !isProse(text) && PHP_MEMBER.test(text.lower),
  },
  {
    id: "php-session-upload",
    what: "a file whose progress PHP writes into the session",
    test: (text) => isFree(text) && text.lower.includes("php_session_upload_progress"),
  },
  {
    id: "php-extension-function",
    what: "a function is called that an extension of PHP has",
    level: "high",
    test: (text) => isTerse(text) && calls(text, (name) => PHP_EXTENSION.test(name)),
  },
  {
    id: "php-server-variable",
    what: "a variable in which servers tell scripts about the request",
    level: "high",
    test: (text) => isTerse(text) && text.has("_") && CGI_VARIABLE.test(text.lower),
  },
  {
    id: "php-function-any",
    what: "a function is called that PHP has",
    level: "high",
    test: (text) => isTerse(text) && calls(text, (name) => DANGEROUS.has(name)),
  },
  {
    id: "php-function-shape",
    what: "a function is called whose name is made as PHP's are",
    level: "strict",
    test: (text) => calls(text, hasPhpShape),
  },
];
