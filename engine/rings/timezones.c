/* timezones.c - see timezones.h. The facts are those of the IANA time zone database, which is in
 * the public domain: zone names, their countries and standard offsets. */
#include "rings/timezones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct zone_row {
    const char *name;
    short minutes;
    const char country[3];
} zone_row;

/* Ascending by the bytes of the name. */
/* clang-format off */
static const zone_row zones[] = {
    {"Africa/Abidjan", 0, "CI"}, {"Africa/Accra", 0, "GH"}, {"Africa/Addis_Ababa", 180, "ET"},
    {"Africa/Algiers", 60, "DZ"}, {"Africa/Asmara", 180, "ER"}, {"Africa/Bamako", 0, "ML"},
    {"Africa/Bangui", 60, "CF"}, {"Africa/Banjul", 0, "GM"}, {"Africa/Bissau", 0, "GW"},
    {"Africa/Blantyre", 120, "MW"}, {"Africa/Brazzaville", 60, "CG"},
    {"Africa/Bujumbura", 120, "BI"}, {"Africa/Cairo", 120, "EG"}, {"Africa/Casablanca", 60, "MA"},
    {"Africa/Ceuta", 60, "ES"}, {"Africa/Conakry", 0, "GN"}, {"Africa/Dakar", 0, "SN"},
    {"Africa/Dar_es_Salaam", 180, "TZ"}, {"Africa/Djibouti", 180, "DJ"},
    {"Africa/Douala", 60, "CM"}, {"Africa/El_Aaiun", 60, "EH"}, {"Africa/Freetown", 0, "SL"},
    {"Africa/Gaborone", 120, "BW"}, {"Africa/Harare", 120, "ZW"},
    {"Africa/Johannesburg", 120, "ZA"}, {"Africa/Juba", 120, "SS"}, {"Africa/Kampala", 180, "UG"},
    {"Africa/Khartoum", 120, "SD"}, {"Africa/Kigali", 120, "RW"}, {"Africa/Kinshasa", 60, "CD"},
    {"Africa/Lagos", 60, "NG"}, {"Africa/Libreville", 60, "GA"}, {"Africa/Lome", 0, "TG"},
    {"Africa/Luanda", 60, "AO"}, {"Africa/Lubumbashi", 120, "CD"}, {"Africa/Lusaka", 120, "ZM"},
    {"Africa/Malabo", 60, "GQ"}, {"Africa/Maputo", 120, "MZ"}, {"Africa/Maseru", 120, "LS"},
    {"Africa/Mbabane", 120, "SZ"}, {"Africa/Mogadishu", 180, "SO"}, {"Africa/Monrovia", 0, "LR"},
    {"Africa/Nairobi", 180, "KE"}, {"Africa/Ndjamena", 60, "TD"}, {"Africa/Niamey", 60, "NE"},
    {"Africa/Nouakchott", 0, "MR"}, {"Africa/Ouagadougou", 0, "BF"},
    {"Africa/Porto-Novo", 60, "BJ"}, {"Africa/Sao_Tome", 0, "ST"}, {"Africa/Tripoli", 120, "LY"},
    {"Africa/Tunis", 60, "TN"}, {"Africa/Windhoek", 120, "NA"}, {"America/Adak", -600, "US"},
    {"America/Anchorage", -540, "US"}, {"America/Anguilla", -240, "AI"},
    {"America/Antigua", -240, "AG"}, {"America/Araguaina", -180, "BR"},
    {"America/Argentina/Buenos_Aires", -180, "AR"}, {"America/Argentina/Catamarca", -180, "AR"},
    {"America/Argentina/Cordoba", -180, "AR"}, {"America/Argentina/Jujuy", -180, "AR"},
    {"America/Argentina/La_Rioja", -180, "AR"}, {"America/Argentina/Mendoza", -180, "AR"},
    {"America/Argentina/Rio_Gallegos", -180, "AR"}, {"America/Argentina/Salta", -180, "AR"},
    {"America/Argentina/San_Juan", -180, "AR"}, {"America/Argentina/San_Luis", -180, "AR"},
    {"America/Argentina/Tucuman", -180, "AR"}, {"America/Argentina/Ushuaia", -180, "AR"},
    {"America/Aruba", -240, "AW"}, {"America/Asuncion", -180, "PY"},
    {"America/Atikokan", -300, "CA"}, {"America/Bahia", -180, "BR"},
    {"America/Bahia_Banderas", -360, "MX"}, {"America/Barbados", -240, "BB"},
    {"America/Belem", -180, "BR"}, {"America/Belize", -360, "BZ"},
    {"America/Blanc-Sablon", -240, "CA"}, {"America/Boa_Vista", -240, "BR"},
    {"America/Bogota", -300, "CO"}, {"America/Boise", -420, "US"},
    {"America/Buenos_Aires", -180, "AR"}, {"America/Cambridge_Bay", -420, "CA"},
    {"America/Campo_Grande", -240, "BR"}, {"America/Cancun", -300, "MX"},
    {"America/Caracas", -240, "VE"}, {"America/Cayenne", -180, "GF"},
    {"America/Cayman", -300, "KY"}, {"America/Chicago", -360, "US"},
    {"America/Chihuahua", -360, "MX"}, {"America/Ciudad_Juarez", -420, "MX"},
    {"America/Costa_Rica", -360, "CR"}, {"America/Coyhaique", -180, "CL"},
    {"America/Creston", -420, "CA"}, {"America/Cuiaba", -240, "BR"},
    {"America/Curacao", -240, "CW"}, {"America/Danmarkshavn", 0, "GL"},
    {"America/Dawson", -420, "CA"}, {"America/Dawson_Creek", -420, "CA"},
    {"America/Denver", -420, "US"}, {"America/Detroit", -300, "US"},
    {"America/Dominica", -240, "DM"}, {"America/Edmonton", -420, "CA"},
    {"America/Eirunepe", -300, "BR"}, {"America/El_Salvador", -360, "SV"},
    {"America/Fort_Nelson", -420, "CA"}, {"America/Fortaleza", -180, "BR"},
    {"America/Glace_Bay", -240, "CA"}, {"America/Goose_Bay", -240, "CA"},
    {"America/Grand_Turk", -300, "TC"}, {"America/Grenada", -240, "GD"},
    {"America/Guadeloupe", -240, "GP"}, {"America/Guatemala", -360, "GT"},
    {"America/Guayaquil", -300, "EC"}, {"America/Guyana", -240, "GY"},
    {"America/Halifax", -240, "CA"}, {"America/Havana", -300, "CU"},
    {"America/Hermosillo", -420, "MX"}, {"America/Indiana/Indianapolis", -300, "US"},
    {"America/Indiana/Knox", -360, "US"}, {"America/Indiana/Marengo", -300, "US"},
    {"America/Indiana/Petersburg", -300, "US"}, {"America/Indiana/Tell_City", -360, "US"},
    {"America/Indiana/Vevay", -300, "US"}, {"America/Indiana/Vincennes", -300, "US"},
    {"America/Indiana/Winamac", -300, "US"}, {"America/Inuvik", -420, "CA"},
    {"America/Iqaluit", -300, "CA"}, {"America/Jamaica", -300, "JM"},
    {"America/Juneau", -540, "US"}, {"America/Kentucky/Louisville", -300, "US"},
    {"America/Kentucky/Monticello", -300, "US"}, {"America/Kralendijk", -240, "BQ"},
    {"America/La_Paz", -240, "BO"}, {"America/Lima", -300, "PE"},
    {"America/Los_Angeles", -480, "US"}, {"America/Lower_Princes", -240, "SX"},
    {"America/Maceio", -180, "BR"}, {"America/Managua", -360, "NI"}, {"America/Manaus", -240, "BR"},
    {"America/Marigot", -240, "MF"}, {"America/Martinique", -240, "MQ"},
    {"America/Matamoros", -360, "MX"}, {"America/Mazatlan", -420, "MX"},
    {"America/Menominee", -360, "US"}, {"America/Merida", -360, "MX"},
    {"America/Metlakatla", -540, "US"}, {"America/Mexico_City", -360, "MX"},
    {"America/Miquelon", -180, "PM"}, {"America/Moncton", -240, "CA"},
    {"America/Monterrey", -360, "MX"}, {"America/Montevideo", -180, "UY"},
    {"America/Montserrat", -240, "MS"}, {"America/Nassau", -300, "BS"},
    {"America/New_York", -300, "US"}, {"America/Nome", -540, "US"}, {"America/Noronha", -120, "BR"},
    {"America/North_Dakota/Beulah", -360, "US"}, {"America/North_Dakota/Center", -360, "US"},
    {"America/North_Dakota/New_Salem", -360, "US"}, {"America/Nuuk", -120, "GL"},
    {"America/Ojinaga", -360, "MX"}, {"America/Panama", -300, "PA"},
    {"America/Paramaribo", -180, "SR"}, {"America/Phoenix", -420, "US"},
    {"America/Port-au-Prince", -300, "HT"}, {"America/Port_of_Spain", -240, "TT"},
    {"America/Porto_Velho", -240, "BR"}, {"America/Puerto_Rico", -240, "PR"},
    {"America/Punta_Arenas", -180, "CL"}, {"America/Rankin_Inlet", -360, "CA"},
    {"America/Recife", -180, "BR"}, {"America/Regina", -360, "CA"},
    {"America/Resolute", -360, "CA"}, {"America/Rio_Branco", -300, "BR"},
    {"America/Santarem", -180, "BR"}, {"America/Santiago", -240, "CL"},
    {"America/Santo_Domingo", -240, "DO"}, {"America/Sao_Paulo", -180, "BR"},
    {"America/Scoresbysund", -120, "GL"}, {"America/Sitka", -540, "US"},
    {"America/St_Barthelemy", -240, "BL"}, {"America/St_Johns", -210, "CA"},
    {"America/St_Kitts", -240, "KN"}, {"America/St_Lucia", -240, "LC"},
    {"America/St_Thomas", -240, "VI"}, {"America/St_Vincent", -240, "VC"},
    {"America/Swift_Current", -360, "CA"}, {"America/Tegucigalpa", -360, "HN"},
    {"America/Thule", -240, "GL"}, {"America/Tijuana", -480, "MX"}, {"America/Toronto", -300, "CA"},
    {"America/Tortola", -240, "VG"}, {"America/Vancouver", -480, "CA"},
    {"America/Whitehorse", -420, "CA"}, {"America/Winnipeg", -360, "CA"},
    {"America/Yakutat", -540, "US"}, {"Antarctica/Casey", 480, "AQ"},
    {"Antarctica/Davis", 420, "AQ"}, {"Antarctica/DumontDUrville", 600, "AQ"},
    {"Antarctica/Macquarie", 600, "AU"}, {"Antarctica/Mawson", 300, "AQ"},
    {"Antarctica/McMurdo", 720, "AQ"}, {"Antarctica/Palmer", -180, "AQ"},
    {"Antarctica/Rothera", -180, "AQ"}, {"Antarctica/Syowa", 180, "AQ"},
    {"Antarctica/Troll", 0, "AQ"}, {"Antarctica/Vostok", 300, "AQ"},
    {"Arctic/Longyearbyen", 60, "SJ"}, {"Asia/Aden", 180, "YE"}, {"Asia/Almaty", 300, "KZ"},
    {"Asia/Amman", 180, "JO"}, {"Asia/Anadyr", 720, "RU"}, {"Asia/Aqtau", 300, "KZ"},
    {"Asia/Aqtobe", 300, "KZ"}, {"Asia/Ashgabat", 300, "TM"}, {"Asia/Atyrau", 300, "KZ"},
    {"Asia/Baghdad", 180, "IQ"}, {"Asia/Bahrain", 180, "BH"}, {"Asia/Baku", 240, "AZ"},
    {"Asia/Bangkok", 420, "TH"}, {"Asia/Barnaul", 420, "RU"}, {"Asia/Beijing", 480, "CN"},
    {"Asia/Beirut", 120, "LB"}, {"Asia/Bishkek", 360, "KG"}, {"Asia/Brunei", 480, "BN"},
    {"Asia/Calcutta", 330, "IN"}, {"Asia/Chita", 540, "RU"}, {"Asia/Chongqing", 480, "CN"},
    {"Asia/Colombo", 330, "LK"}, {"Asia/Damascus", 180, "SY"}, {"Asia/Dhaka", 360, "BD"},
    {"Asia/Dili", 540, "TL"}, {"Asia/Dubai", 240, "AE"}, {"Asia/Dushanbe", 300, "TJ"},
    {"Asia/Famagusta", 120, "CY"}, {"Asia/Gaza", 120, "PS"}, {"Asia/Hebron", 120, "PS"},
    {"Asia/Ho_Chi_Minh", 420, "VN"}, {"Asia/Hong_Kong", 480, "HK"}, {"Asia/Hovd", 420, "MN"},
    {"Asia/Irkutsk", 480, "RU"}, {"Asia/Istanbul", 180, "TR"}, {"Asia/Jakarta", 420, "ID"},
    {"Asia/Jayapura", 540, "ID"}, {"Asia/Jerusalem", 120, "IL"}, {"Asia/Kabul", 270, "AF"},
    {"Asia/Kamchatka", 720, "RU"}, {"Asia/Karachi", 300, "PK"}, {"Asia/Kathmandu", 345, "NP"},
    {"Asia/Katmandu", 345, "NP"}, {"Asia/Khandyga", 540, "RU"}, {"Asia/Kolkata", 330, "IN"},
    {"Asia/Krasnoyarsk", 420, "RU"}, {"Asia/Kuala_Lumpur", 480, "MY"}, {"Asia/Kuching", 480, "MY"},
    {"Asia/Kuwait", 180, "KW"}, {"Asia/Macau", 480, "MO"}, {"Asia/Magadan", 660, "RU"},
    {"Asia/Makassar", 480, "ID"}, {"Asia/Manila", 480, "PH"}, {"Asia/Muscat", 240, "OM"},
    {"Asia/Nicosia", 120, "CY"}, {"Asia/Novokuznetsk", 420, "RU"}, {"Asia/Novosibirsk", 420, "RU"},
    {"Asia/Omsk", 360, "RU"}, {"Asia/Oral", 300, "KZ"}, {"Asia/Phnom_Penh", 420, "KH"},
    {"Asia/Pontianak", 420, "ID"}, {"Asia/Pyongyang", 540, "KP"}, {"Asia/Qatar", 180, "QA"},
    {"Asia/Qostanay", 300, "KZ"}, {"Asia/Qyzylorda", 300, "KZ"}, {"Asia/Rangoon", 390, "MM"},
    {"Asia/Riyadh", 180, "SA"}, {"Asia/Saigon", 420, "VN"}, {"Asia/Sakhalin", 660, "RU"},
    {"Asia/Samarkand", 300, "UZ"}, {"Asia/Seoul", 540, "KR"}, {"Asia/Shanghai", 480, "CN"},
    {"Asia/Singapore", 480, "SG"}, {"Asia/Srednekolymsk", 660, "RU"}, {"Asia/Taipei", 480, "TW"},
    {"Asia/Tashkent", 300, "UZ"}, {"Asia/Tbilisi", 240, "GE"}, {"Asia/Tehran", 210, "IR"},
    {"Asia/Thimphu", 360, "BT"}, {"Asia/Tokyo", 540, "JP"}, {"Asia/Tomsk", 420, "RU"},
    {"Asia/Ulaanbaatar", 480, "MN"}, {"Asia/Urumqi", 360, "CN"}, {"Asia/Ust-Nera", 600, "RU"},
    {"Asia/Vientiane", 420, "LA"}, {"Asia/Vladivostok", 600, "RU"}, {"Asia/Yakutsk", 540, "RU"},
    {"Asia/Yangon", 390, "MM"}, {"Asia/Yekaterinburg", 300, "RU"}, {"Asia/Yerevan", 240, "AM"},
    {"Atlantic/Azores", -60, "PT"}, {"Atlantic/Bermuda", -240, "BM"}, {"Atlantic/Canary", 0, "ES"},
    {"Atlantic/Cape_Verde", -60, "CV"}, {"Atlantic/Faroe", 0, "FO"}, {"Atlantic/Madeira", 0, "PT"},
    {"Atlantic/Reykjavik", 0, "IS"}, {"Atlantic/South_Georgia", -120, "GS"},
    {"Atlantic/St_Helena", 0, "SH"}, {"Atlantic/Stanley", -180, "FK"},
    {"Australia/Adelaide", 570, "AU"}, {"Australia/Brisbane", 600, "AU"},
    {"Australia/Broken_Hill", 570, "AU"}, {"Australia/Darwin", 570, "AU"},
    {"Australia/Eucla", 525, "AU"}, {"Australia/Hobart", 600, "AU"},
    {"Australia/Lindeman", 600, "AU"}, {"Australia/Lord_Howe", 630, "AU"},
    {"Australia/Melbourne", 600, "AU"}, {"Australia/Perth", 480, "AU"},
    {"Australia/Sydney", 600, "AU"}, {"Etc/GMT", 0, ""}, {"Etc/UTC", 0, ""},
    {"Europe/Amsterdam", 60, "NL"}, {"Europe/Andorra", 60, "AD"}, {"Europe/Astrakhan", 240, "RU"},
    {"Europe/Athens", 120, "GR"}, {"Europe/Belgrade", 60, "RS"}, {"Europe/Berlin", 60, "DE"},
    {"Europe/Bratislava", 60, "SK"}, {"Europe/Brussels", 60, "BE"}, {"Europe/Bucharest", 120, "RO"},
    {"Europe/Budapest", 60, "HU"}, {"Europe/Busingen", 60, "DE"}, {"Europe/Chisinau", 120, "MD"},
    {"Europe/Copenhagen", 60, "DK"}, {"Europe/Dublin", 0, "IE"}, {"Europe/Gibraltar", 60, "GI"},
    {"Europe/Guernsey", 0, "GG"}, {"Europe/Helsinki", 120, "FI"}, {"Europe/Isle_of_Man", 0, "IM"},
    {"Europe/Istanbul", 180, "TR"}, {"Europe/Jersey", 0, "JE"}, {"Europe/Kaliningrad", 120, "RU"},
    {"Europe/Kiev", 120, "UA"}, {"Europe/Kirov", 180, "RU"}, {"Europe/Kyiv", 120, "UA"},
    {"Europe/Lisbon", 0, "PT"}, {"Europe/Ljubljana", 60, "SI"}, {"Europe/London", 0, "GB"},
    {"Europe/Luxembourg", 60, "LU"}, {"Europe/Madrid", 60, "ES"}, {"Europe/Malta", 60, "MT"},
    {"Europe/Mariehamn", 120, "AX"}, {"Europe/Minsk", 180, "BY"}, {"Europe/Monaco", 60, "MC"},
    {"Europe/Moscow", 180, "RU"}, {"Europe/Oslo", 60, "NO"}, {"Europe/Paris", 60, "FR"},
    {"Europe/Podgorica", 60, "ME"}, {"Europe/Prague", 60, "CZ"}, {"Europe/Riga", 120, "LV"},
    {"Europe/Rome", 60, "IT"}, {"Europe/Samara", 240, "RU"}, {"Europe/San_Marino", 60, "SM"},
    {"Europe/Sarajevo", 60, "BA"}, {"Europe/Saratov", 240, "RU"}, {"Europe/Simferopol", 180, "UA"},
    {"Europe/Skopje", 60, "MK"}, {"Europe/Sofia", 120, "BG"}, {"Europe/Stockholm", 60, "SE"},
    {"Europe/Tallinn", 120, "EE"}, {"Europe/Tirane", 60, "AL"}, {"Europe/Ulyanovsk", 240, "RU"},
    {"Europe/Vaduz", 60, "LI"}, {"Europe/Vatican", 60, "VA"}, {"Europe/Vienna", 60, "AT"},
    {"Europe/Vilnius", 120, "LT"}, {"Europe/Volgograd", 180, "RU"}, {"Europe/Warsaw", 60, "PL"},
    {"Europe/Zagreb", 60, "HR"}, {"Europe/Zurich", 60, "CH"}, {"GMT", 0, ""},
    {"Indian/Antananarivo", 180, "MG"}, {"Indian/Chagos", 360, "IO"},
    {"Indian/Christmas", 420, "CX"}, {"Indian/Cocos", 390, "CC"}, {"Indian/Comoro", 180, "KM"},
    {"Indian/Kerguelen", 300, "TF"}, {"Indian/Mahe", 240, "SC"}, {"Indian/Maldives", 300, "MV"},
    {"Indian/Mauritius", 240, "MU"}, {"Indian/Mayotte", 180, "YT"}, {"Indian/Reunion", 240, "RE"},
    {"Pacific/Apia", 780, "WS"}, {"Pacific/Auckland", 720, "NZ"},
    {"Pacific/Bougainville", 660, "PG"}, {"Pacific/Chatham", 765, "NZ"},
    {"Pacific/Chuuk", 600, "FM"}, {"Pacific/Easter", -360, "CL"}, {"Pacific/Efate", 660, "VU"},
    {"Pacific/Fakaofo", 780, "TK"}, {"Pacific/Fiji", 720, "FJ"}, {"Pacific/Funafuti", 720, "TV"},
    {"Pacific/Galapagos", -360, "EC"}, {"Pacific/Gambier", -540, "PF"},
    {"Pacific/Guadalcanal", 660, "SB"}, {"Pacific/Guam", 600, "GU"},
    {"Pacific/Honolulu", -600, "US"}, {"Pacific/Kanton", 780, "KI"},
    {"Pacific/Kiritimati", 840, "KI"}, {"Pacific/Kosrae", 660, "FM"},
    {"Pacific/Kwajalein", 720, "MH"}, {"Pacific/Majuro", 720, "MH"},
    {"Pacific/Marquesas", -570, "PF"}, {"Pacific/Midway", -660, "UM"}, {"Pacific/Nauru", 720, "NR"},
    {"Pacific/Niue", -660, "NU"}, {"Pacific/Norfolk", 660, "NF"}, {"Pacific/Noumea", 660, "NC"},
    {"Pacific/Pago_Pago", -660, "AS"}, {"Pacific/Palau", 540, "PW"},
    {"Pacific/Pitcairn", -480, "PN"}, {"Pacific/Pohnpei", 660, "FM"},
    {"Pacific/Port_Moresby", 600, "PG"}, {"Pacific/Rarotonga", -600, "CK"},
    {"Pacific/Saipan", 600, "MP"}, {"Pacific/Tahiti", -600, "PF"}, {"Pacific/Tarawa", 720, "KI"},
    {"Pacific/Tongatapu", 780, "TO"}, {"Pacific/Wake", 720, "UM"}, {"Pacific/Wallis", 720, "WF"},
    {"US/Central", -360, "US"}, {"US/Eastern", -300, "US"}, {"US/Mountain", -420, "US"},
    {"US/Pacific", -480, "US"}, {"UTC", 0, ""},
};
/* clang-format on */

static int by_zone_name(const void *name, const void *row)
{
    const zone_row *zone = row;
    return strcmp(name, zone->name);
}

/* "+05:30", "UTC-3", "GMT+08:00". */
static bool offset_zone(const char *text, rf_zone *zone)
{
    int hours;
    int minutes = 0;
    int sign;
    char *end;
    if (strncmp(text, "UTC", 3) == 0 || strncmp(text, "GMT", 3) == 0) {
        text += 3;
    }
    if (*text != '+' && *text != '-') {
        return false;
    }
    sign = *text == '-' ? -1 : 1;
    if (text[1] < '0' || text[1] > '9') {
        return false;
    }
    hours = (int)strtol(text + 1, &end, 10);
    if (*end == ':') {
        minutes = (int)strtol(end + 1, &end, 10);
    } else if (hours >= 100) {
        minutes = hours % 100;
        hours /= 100;
    }
    if (*end != '\0' || hours > 14 || minutes < 0 || minutes > 59) {
        return false;
    }
    *zone = (rf_zone){sign * (hours * 60 + minutes), ""};
    return true;
}

bool rf_zone_find(const char *name, rf_zone *zone)
{
    const zone_row *row =
        bsearch(name, zones, sizeof zones / sizeof zones[0], sizeof zones[0], by_zone_name);
    if (row == NULL) {
        return offset_zone(name, zone);
    }
    *zone = (rf_zone){row->minutes, row->country};
    return true;
}
