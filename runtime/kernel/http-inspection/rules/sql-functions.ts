import { bounded, words } from "./rule";

/**
 * Names of functions of SQL, as the manuals of MySQL, PostgreSQL, SQLite, SQL Server and Oracle list them; names with a dot are
 * of Oracle's packages.
 */
export const SQL_FUNCTIONS = words(`
  abs acos acosd add_months adddate addtime aes_decrypt aes_encrypt any_value array_agg array_append array_cat array_dims array_fill array_length
  array_lower array_ndims array_position array_positions array_prepend array_remove array_replace array_sample array_shuffle array_to_json
  array_to_string array_upper ascii asciistr asin asind asymmetric_decrypt asymmetric_derive asymmetric_encrypt asymmetric_sign asymmetric_verify atan
  atan2 atan2d atand avg benchmark bfilename bin bin_to_uuid bit_and bit_count bit_length bit_or bit_xor bitand bool_and bool_or btrim can_access_column
  can_access_database can_access_table can_access_view cardinality casefold cast cbrt ceil ceiling char char_length character_length charindex
  chartorowid checksum_agg chr clock_timestamp coalesce coercibility col_description col_length col_name collation collationproperty columnproperty
  compress concat concat_ws connection_id conv convert convert_from convert_to convert_tz cos cosd cot cotd count covar_pop covar_samp crc32
  create_asymmetric_priv_key create_asymmetric_pub_key create_dh_parameters create_digest ctxsys.drithsx.sn cume_dist curdate current_catalog
  current_database current_date current_query current_role current_schema current_schemas current_setting current_time current_timestamp current_user
  currval cursor_status cursor_to_xml curtime database database_to_xml databaseproperty databasepropertyex datalength date date_add date_bin date_format
  date_part date_sub date_subtract date_trunc dateadd datediff datediff_big datefromparts datename datepart datetime datetimefromparts day dayname
  dayofmonth dayofweek dayofyear db_id db_name dblink dblink_connect dblink_exec dblink_send_query dbms_ldap.init dbms_lock.sleep
  dbms_pipe.receive_message dbtimezone decode decompose decryptbykey default degrees dense_rank des_decrypt des_encrypt div elt empty_blob empty_clob
  encode encrypt encryptbykey encryptbypassphrase enum_first enum_last enum_range eomonth erf erfc error_message error_number existsnode exp export_set
  extract extractvalue factorial field file_id filegroup_id find_in_set first_value floor fn_helpcollations fn_listextendedproperty fn_my_permissions
  fn_virtualfilestats format format_bytes format_pico_time formatmessage found_rows from_base64 from_days from_tz from_unixtime fts3_tokenizer
  fulltextcatalogproperty gcd gen_random_uuid generate_series generate_subscripts geomcollection geometrycollection get_bit get_byte
  get_dd_column_privileges get_filestream_transaction_context get_format get_lock getansinull getdate getutcdate glob greatest group_concat grouping_id
  gtid_subset gtid_subtract has_any_column_privilege has_column_privilege has_database_privilege has_dbaccess has_function_privilege has_perms_by_name
  has_schema_privilege has_table_privilege hashbytes hex hextoraw host_id host_name hostmask hour icu_version ident_current ident_incr ident_seed if
  ifnull iif in index_col indexkey_property indexproperty inet6_aton inet6_ntoa inet_aton inet_client_addr inet_client_port inet_merge inet_ntoa
  inet_same_family inet_server_addr inet_server_port initcap insert instr instrb internal_auto_increment interval is_free_lock is_ipv4 is_ipv4_compat
  is_ipv4_mapped is_ipv6 is_member is_objectschema is_rolemember is_srvrolemember is_used_lock is_uuid isdate isempty isfinite isjson isnull isnumeric
  json_agg json_array json_array_append json_array_insert json_array_length json_arrayagg json_build_array json_build_object json_contains
  json_contains_path json_depth json_each json_each_text json_extract json_group_array json_group_object json_insert json_keys json_length json_merge
  json_merge_patch json_merge_preserve json_modify json_object json_object_agg json_object_keys json_objectagg json_overlaps json_patch
  json_populate_record json_pretty json_query json_quote json_remove json_replace json_schema_valid json_search json_set json_storage_free
  json_storage_size json_strip_nulls json_table json_to_record json_type json_typeof json_unquote json_valid json_value jsonb_agg jsonb_object_agg
  julianday justify_days justify_hours justify_interval last_day last_insert_id last_insert_rowid last_value lastval lcase lcm least left len length
  lengthb likelihood likely linestring listagg ln lnnvl lo_create lo_export lo_from_bytea lo_get lo_import lo_put lo_unlink load_extension load_file
  localtime localtimestamp locate log log10 log2 loginproperty lower lower_inc lower_inf lpad ltrim macaddr8_set7bit make_date make_interval make_set
  make_time make_timestamp make_timestamptz makedate maketime masklen master_pos_wait max mbrcontains mbrcoveredby mbrcovers mbrdisjoint mbrequals
  mbrintersects mbroverlaps mbrtouches mbrwithin md5 microsecond mid min min_active_rowversion minute mod month monthname months_between multilinestring
  multipoint multipolygon name_const nanvl nchar netmask new_time newid newsequentialid next_day nextval nls_charset_id nls_charset_name nls_initcap
  nls_lower nls_upper nlssort normalize not_in now npoints nth_value ntile nullif numnode numtodsinterval numtoyminterval nvl nvl2 obj_description
  object_definition object_id object_name object_schema_name objectproperty oct octet_length old_password opendatasource openjson openquery openrowset
  openxml ora_hash ord original_db_name original_login overlay parse_ident parsename password patindex percent_rank percentile_cont percentile_disc
  period_add period_diff pg_backend_pid pg_client_encoding pg_has_role pg_ls_dir pg_read_binary_file pg_read_file pg_sleep pg_sleep_for pg_sleep_until
  phraseto_tsquery pi plainto_tsquery polygon position pow power printf ps_current_thread_id ps_thread_id pwdcompare pwdencrypt quarter query_to_xml
  query_to_xmlschema querytree quote quote_ident quote_literal quote_nullable quotename radians rand random randomblob range_agg rank ratio_to_report
  rawtohex rawtonhex readfile regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
  regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy release_all_locks
  release_lock remainder repeat replace replicate reverse right roles_graphml round row row_count row_number row_security_active row_to_json
  rowcount_big rowidtochar rownum rpad rtrim schema schema_id schema_name schema_to_xml scn_to_timestamp scope_identity sec_to_time second
  serverproperty session_user sessionproperty sessiontimezone set_bit set_byte set_config set_masklen setseed setval setweight sha sha1 sha2 sha224
  sha256 sha384 sha512 shobj_description sign sin sind sleep smalldatetimefromparts soundex source_pos_wait space split_part sql_variant_property
  sqlite_compileoption_get sqlite_compileoption_used sqlite_offset sqlite_source_id sqlite_version sqrt st_area st_asbinary st_asgeojson st_astext
  st_aswkb st_aswkt st_buffer st_centroid st_contains st_convexhull st_distance st_geomfromtext st_latfromgeohash st_latitude starts_with
  statement_digest statement_digest_text statement_timestamp stats_date std stddev stddev_pop stddev_samp str str_to_date strcmp strftime string_agg
  string_escape string_split string_to_array string_to_table strpos stuff subdate substr substring substring_index subtime suser_id suser_name suser_sid
  suser_sname switchoffset sys_connect_by_path sys_context sys_eval sys_exec sys_extract_utc sys_guid sys_typeid sys_xmlagg sys_xmlgen sysdate
  sysdatetime sysdatetimeoffset system_user systimestamp sysutcdatetime table_to_xml table_to_xmlschema tan tand time_format time_to_sec timediff
  timeofday timestamp timestampadd timestampdiff to_ascii to_base64 to_bin to_char to_clob to_date to_days to_dsinterval to_hex to_json to_jsonb to_lob
  to_multi_byte to_nchar to_nclob to_number to_oct to_regclass to_regtype to_seconds to_single_byte to_timestamp to_tsquery to_tsvector to_yminterval
  todatetimeoffset total_changes transaction_timestamp trim trim_scale trunc truncate try_cast try_convert try_parse ts_debug ts_delete ts_filter
  ts_headline ts_lexize ts_rank ts_rank_cd ts_rewrite ts_stat tsquery_phrase tsvector_to_array tsvector_update_trigger txid_current
  txid_current_snapshot type_id type_name typeof typeproperty tz_offset ucase uid uncompress uncompressed_length unhex unicode unistr unix_timestamp
  unixepoch unlikely unnest updatexml upper upper_inc upper_inf user user_id user_name userenv utc_date utc_time utc_timestamp utl_http.request
  utl_inaddr.get_host_address uuid uuid_short uuid_to_bin validate_password_strength values var_pop var_samp variance version vsize
  wait_for_executed_gtid_set wait_until_sql_thread_after_gtids websearch_to_tsquery week weekday weekofyear weight_string width_bucket writefile
  xact_state xml_is_well_formed xmlagg xmlcast xmlcolattval xmlcomment xmlconcat xmldiff xmlelement xmlexists xmlforest xmlisvalid xmlparse xmlpatch
  xmlpi xmlquery xmlroot xmlsequence xmlserialize xmltable xmltransform xmltype xp_cmdshell xp_dirtree xpath xpath_exists year yearweek zeroblob`);

/** Of these, what mathematics, spreadsheets, other languages or sentences have before a bracket as well. */
const COMMON_FUNCTIONS = words(`
  abs acos acosd ascii asin atan atan2 avg bin btrim cardinality cast cbrt ceil ceiling char chr coalesce collation compress concat convert cos cosd cot
  count current_date current_time current_user database date datetime day decode default degrees div encode encrypt erf erfc exp extract factorial field
  file_id first_value floor format gcd gen_random_uuid glob greatest hex host_id host_name hour if iif in initcap insert interval isempty isfinite
  json_value last_value lcm least left len length likelihood likely linestring ln locate log log10 log2 lower masklen max md5 min minute mod month
  netmask normalize now overlay password pi polygon position pow power printf quarter quote radians rand random rank repeat replace replicate reverse
  right round row schema second session_user setval sha sha1 sha224 sha256 sha384 sha512 sign sin sind sleep space sqrt starts_with std stddev str
  strftime strpos stuff substr substring tan tand timestamp to_date to_json to_timestamp trim trunc truncate typeof uid unicode unlikely unnest upper
  user user_name uuid values variance version week xpath year`);

const OF_A_FAMILY = bounded("^(?:jsonb?|pg|st|dbms|utl|sqlite|regexp|xml|sys)_[a-z]");

/** A name that only functions of SQL have. */
export function isTelling(name: string): boolean {
  if (SQL_FUNCTIONS.has(name)) return !COMMON_FUNCTIONS.has(name) || name === "database";
  return OF_A_FAMILY.test(name);
}
