package yealink

import (
	"sync"

	"linecard/internal/phone"
)

// Dictionaries are what is known of the parameters, in our own words. A default is written only where a source names it.
func (maker) Dictionaries() []phone.Dictionary { return []phone.Dictionary{dictionary()} }

var dictionary = sync.OnceValue(func() phone.Dictionary { return phone.Table(Maker, "", "", table) })

// Sources of the profiles.
const (
	facts  = "parameters named in the fact sheet (T2, T4 and T5 series guides)"
	wazo   = "wazo-provd-plugins wazo_yealink v85, base.tpl"
	fusion = "fusionpbx provision/yealink t54w"
	gen8   = ">=V81"
)

// Standards are the starter profiles, each for one thing.
func (maker) Standards() []phone.Standard {
	profile := func(name, what string, settings ...[]phone.StandardSetting) phone.Standard {
		s := phone.Standard{Name: name, Description: what, Maker: Maker}
		for _, set := range settings {
			s.Settings = append(s.Settings, set...)
		}
		return s
	}
	template := func(name, what string, settings ...[]phone.StandardSetting) phone.Standard {
		s := profile(name+"-TEMPLATE", what, settings...)
		s.Template = true
		return s
	}
	return []phone.Standard{
		profile("Yealink-Time", "Time from pool.ntp.org. The zone is another profile.", phone.Bring(wazo, "", "local_time.ntp_server1", "pool.ntp.org")),
		template("Yealink-TimeZone", "The zone as hours from UTC, its name, and whether clocks change.",
			phone.Bring(wazo, "", "local_time.time_zone", "", "local_time.time_zone_name", "", "local_time.summer_time", "")),
		template("Yealink-DialPlan", "What may be dialled by the first account. Emergency numbers must be among it.",
			phone.Bring(fusion, gen8, "account.1.dialplan.digitmap.enable", "1", "account.1.dialplan.digitmap.string", "")),
		profile("Yealink-Codecs", "G.722, G.711 and G.729 for every account, the seldom used ones off.",
			phone.Bring(wazo, gen8, "account.{1-16}.codec.g722.enable", "1", "account.{1-16}.codec.pcma.enable", "1", "account.{1-16}.codec.pcmu.enable", "1", "account.{1-16}.codec.g729.enable", "1",
				"account.{1-16}.codec.g723_53.enable", "0", "account.{1-16}.codec.g723_63.enable", "0", "account.{1-16}.codec.g726_16.enable", "0", "account.{1-16}.codec.g726_24.enable", "0",
				"account.{1-16}.codec.g726_32.enable", "0", "account.{1-16}.codec.g726_40.enable", "0", "account.{1-16}.codec.ilbc.enable", "0")),
		template("Yealink-SRTP", "Encrypted speech of the first account. Which number means what differs by software.", phone.Bring(facts, "", "account.1.srtp_encryption", "")),
		profile("Yealink-TLS", "Certificates of servers are checked, and the names in them.",
			phone.Bring(facts, gen8, "static.security.trust_certificates", "1", "static.security.cn_validation", "1")),
		template("Yealink-AdminPassword", "The administrator's name and password, as admin:password. The factory's is refused here; software 87 and later asks for another, too.",
			phone.Bring(facts, gen8, "static.security.user_password", "")),
		profile("Yealink-WebInterface-Off", "No web server on the phone.", phone.Bring(fusion, gen8, "static.wui.http_enable", "0", "static.wui.https_enable", "0")),
		template("Yealink-Syslog", "Logs to a syslog server.", phone.Bring(wazo, gen8, "static.syslog.enable", "1", "static.syslog.server", ""),
			phone.Bring(facts, ">=V83", "static.syslog.prepend_mac_address.enable", "1")),
		profile("Yealink-NAT-KeepAlive", "Keeps the way through a router open: a packet every 30 seconds for every account.",
			phone.Bring(wazo, "", "account.{1-16}.nat.udp_update_enable", "1"), phone.Bring(fusion, "", "account.{1-16}.nat.udp_update_time", "30")),
		profile("Yealink-DND-Forward", "Forwarding is offered on the phone. Do not disturb always is.", phone.Bring(fusion, "", "features.fwd.allow", "1")),
		profile("Yealink-Voicemail", "Waiting messages are asked for, for every account.", phone.Bring(wazo, "", "account.{1-16}.subscribe_mwi", "1")),
		template("Yealink-BLF", "Watches one extension on the second key. Value is the extension, label what the key shows.",
			phone.Bring(wazo, "", "linekey.2.type", "16", "linekey.2.line", "1", "linekey.2.value", "", "linekey.2.label", "")),
		profile("Yealink-PnP-Off", "Nobody on the LAN can offer another provisioning server by multicast.", phone.Bring(wazo, gen8, "static.auto_provision.pnp_enable", "0")),
		profile("Yealink-ZeroTouch-Off", "The maker's redirection is not asked any more once the phone is here.", phone.Bring(fusion, gen8, "static.zero_touch.enable", "0")),
	}
}

// table is written by hand from the fact sheet, section A, and the open templates named above.
const table = `
# Accounts.
account.{1-16}.enable | bool | - | Whether the account is on.
account.{1-16}.label | text | - | What the key shows.
account.{1-16}.display_name | text | - | Name that others see.
account.{1-16}.auth_name | text | - | User name for authentication.
account.{1-16}.user_name | text | - | User part of the address that is registered.
account.{1-16}.password | text | - | Password for authentication.
account.{1-16}.sip_server.{1-2}.address | text | - | Registrar.
account.{1-16}.sip_server.{1-2}.port | int 0..65535 | - | Its port.
account.{1-16}.sip_server.{1-2}.transport_type | enum 0,1,2,3 | - | 0 UDP, 1 TCP, 2 TLS, 3 what DNS says.
account.{1-16}.sip_server.{1-2}.expires | int | - | Seconds a registration lasts.
account.{1-16}.sip_server.{1-2}.retry_counts | int | - | Attempts before the next server.
account.{1-16}.outbound_proxy_enable | bool | - | Send through an outbound proxy.
account.{1-16}.outbound_proxy.{1-2}.address | text | - | Outbound proxy.
account.{1-16}.outbound_proxy.{1-2}.port | int 0..65535 | - | Its port.
account.{1-16}.fallback.redundancy_type | int | - | How the second server is used.
account.{1-16}.fallback.timeout | int | - | Seconds until the first is tried again.
account.{1-16}.srtp_encryption | int | - | Encrypted speech.
account.{1-16}.shared_line | int | - | Whether others have the same line.
account.{1-16}.bla_number | text | - | Number of a bridged line.
account.{1-16}.dtmf.type | int | - | How digits are sent in a call.
account.{1-16}.nat.udp_update_enable | int | - | Packets that keep a router's way open.
account.{1-16}.nat.udp_update_time | int | - | Seconds between them.
account.{1-16}.nat.rport | int | - | Answer to the port a request came from.
account.{1-16}.subscribe_mwi | bool | - | Ask for waiting messages.
account.{1-16}.subscribe_mwi_expires | int | - | Seconds this lasts.
account.{1-16}.cid_source | int | - | Where the caller's name is taken from.
account.{1-16}.auto_answer | bool | - | Answer at once.
account.{1-16}.100rel_enable | bool | - | Reliable provisional answers.
account.{1-16}.session_timer.enable | bool | - | Session timer.
account.{1-16}.session_timer.expires | int | - | Its seconds.
account.{1-16}.unregister_on_reboot | bool | - | Sign off before a restart.
account.{1-16}.vq_rtcpxr.collector_name | text | - | Name of the collector of speech quality.
account.{1-16}.vq_rtcpxr.collector_server_host | text | - | Its address.
account.{1-16}.vq_rtcpxr.collector_server_port | int 0..65535 | - | Its port.
account.{1-16}.always_fwd.enable | bool | - | Forward all calls.
account.{1-16}.always_fwd.target | text | - | Where to.
account.{1-16}.busy_fwd.enable | bool | - | Forward when busy.
account.{1-16}.busy_fwd.target | text | - | Where to.
account.{1-16}.timeout_fwd.enable | bool | - | Forward when nobody answers.
account.{1-16}.timeout_fwd.target | text | - | Where to.
account.{1-16}.timeout_fwd.timeout | int | - | After how long.
account.{1-16}.dnd.enable | bool | - | Do not disturb.
account.{1-16}.direct_pickup_code | text | - | Code that picks up a watched call.
account.{1-16}.group_pickup_code | text | - | Code that picks up a call of the group.
account.{1-16}.dialplan.digitmap.enable | bool | - | Use the map of what may be dialled.
account.{1-16}.dialplan.digitmap.string | text | - | The map.
account.{1-16}.codec.g722.enable | bool | - | G.722.
account.{1-16}.codec.g722.priority | int | - | Its rank.
account.{1-16}.codec.pcma.enable | bool | - | G.711 A-law.
account.{1-16}.codec.pcma.priority | int | - | Its rank.
account.{1-16}.codec.pcmu.enable | bool | - | G.711 u-law.
account.{1-16}.codec.pcmu.priority | int | - | Its rank.
account.{1-16}.codec.g729.enable | bool | - | G.729.
account.{1-16}.codec.g729.priority | int | - | Its rank.
account.{1-16}.codec.opus.enable | bool | - | Opus.
account.{1-16}.codec.opus.priority | int | - | Its rank.
account.{1-16}.codec.ilbc.enable | bool | - | iLBC.
account.{1-16}.codec.g723_53.enable | bool | - | G.723, 5.3 kbit/s.
account.{1-16}.codec.g723_63.enable | bool | - | G.723, 6.3 kbit/s.
account.{1-16}.codec.g726_16.enable | bool | - | G.726, 16 kbit/s.
account.{1-16}.codec.g726_24.enable | bool | - | G.726, 24 kbit/s.
account.{1-16}.codec.g726_32.enable | bool | - | G.726, 32 kbit/s.
account.{1-16}.codec.g726_40.enable | bool | - | G.726, 40 kbit/s.
voice_mail.number.{1-16} | text | - | Number that collects messages.
# Keys.
linekey.{1-29}.type | int | - | 0 nothing, 10 park, 11 digits, 13 speed dial, 15 line, 16 BLF, 17 address on the web.
linekey.{1-29}.line | int | - | Account that is used.
linekey.{1-29}.value | text | - | Number, extension or address.
linekey.{1-29}.label | text | - | What the key shows.
linekey.{1-29}.extension | text | - | Pickup code.
linekey.{1-29}.pickup_value | text | - | Pickup code, as other software names it.
expansion_module.{1-6}.key.{1-60}.type | int | - | As linekey.N.type.
expansion_module.{1-6}.key.{1-60}.line | int | - | Account that is used.
expansion_module.{1-6}.key.{1-60}.value | text | - | Number, extension or address.
expansion_module.{1-6}.key.{1-60}.label | text | - | What the key shows.
expansion_module.{1-6}.key.{1-60}.extension | text | - | Pickup code.
expansion_module.{1-6}.key.{1-60}.pickup_value | text | - | Pickup code, as other software names it.
memorykey.{1-16}.type | int | - | As linekey.N.type, on older phones.
memorykey.{1-16}.line | int | - | Account that is used.
memorykey.{1-16}.value | text | - | Number, extension or address.
memorykey.{1-16}.pickup_value | text | - | Pickup code.
programablekey.{1-14}.type | int | - | What the key does.
programablekey.{1-14}.line | int | - | Account that is used.
programablekey.{1-14}.value | text | - | Number or address.
programablekey.{1-14}.label | text | - | What it shows.
# Asking for files.
static.auto_provision.server.url | text<=511 | - | Provisioning address.
static.auto_provision.server.username | text | - | User there.
static.auto_provision.server.password | text | - | Password there.
static.auto_provision.server.type | text | - | Kind of server.
static.auto_provision.power_on | bool | - | Ask after power on.
static.auto_provision.repeat.enable | bool | - | Ask again and again.
static.auto_provision.repeat.minutes | int | - | Minutes between.
static.auto_provision.weekly.enable | bool | - | Ask on days of the week.
static.auto_provision.weekly.dayofweek | text | - | Which: 0 is Sunday.
static.auto_provision.weekly.begin_time | text<=5 | - | From.
static.auto_provision.weekly.end_time | text<=5 | - | To.
static.auto_provision.flexible.enable | bool | - | Ask at some time in a window.
static.auto_provision.flexible.interval | int 1..1000 | - | Every so many days.
static.auto_provision.flexible.begin_time | text<=5 | - | From.
static.auto_provision.flexible.end_time | text<=5 | - | To.
static.auto_provision.pnp_enable | bool | - | Ask the LAN for a server by multicast.
static.auto_provision.dhcp_option.enable | bool | - | Take the address from DHCP.
static.auto_provision.dhcp_option.list_user_options | text | - | Numbers of options.
static.auto_provision.dhcp_option.option60_value | text | - | What is said in option 60.
static.auto_provision.custom.protect | bool | - | What was changed on the phone counts more than files.
static.auto_provision.custom.sync | bool | - | What was changed on the phone is sent.
static.auto_provision.custom.sync.path | text<=511 | - | Where to.
static.auto_provision.custom.upload_method | bool | - | 0 PUT, 1 POST.
static.auto_provision.local_contact.backup.enable | bool | - | Contacts are sent.
static.auto_provision.local_contact.backup.path | text<=511 | - | Where to.
static.auto_provision.local_calllog.backup.enable | bool | - | Call lists are sent.
static.auto_provision.local_calllog.backup.path | text<=511 | - | Where to.
static.auto_provision.local_log.backup.enable | bool | - | Logs are sent.
static.auto_provision.local_log.backup.path | text<=511 | - | Where to.
static.auto_provision.local_log.backup.upload_period | int | - | How often.
static.auto_provision.local_log.backup.append | bool | - | Appended there.
static.auto_provision.attempt_expired_time | int | - | Seconds to wait for an answer.
static.auto_provision.attempt_before_failed | int | - | Attempts.
static.auto_provision.retry_delay_after_file_transfer_failed | int | - | Seconds between them.
static.auto_provision.inactivity_time_expire | int | - | Wait until nobody uses the phone.
static.auto_provision.reboot_force.enable | bool | - | Restart after every change.
static.auto_provision.prompt.enable | bool | - | Ask the user first.
static.auto_provision.user_agent_mac.enable | bool | - | Say the MAC when asking.
static.auto_provision.aes_key_16.com | text<=16 | - | Key of the common file.
static.auto_provision.aes_key_16.mac | text<=16 | - | Key of the phone's file.
static.auto_provision.aes_key_in_file | bool | - | Keys are in a file beside.
auto_provision.mode | int | - | When older software asks.
auto_provision.weekly.enable | bool | - | Older software: on days of the week.
auto_provision.weekly.dayofweek | text | - | Which: 0 is Sunday.
auto_provision.weekly.begin_time | text<=5 | - | From.
auto_provision.weekly.end_time | text<=5 | - | To.
auto_provision.server.url | text<=511 | - | Provisioning address, older software.
auto_provision.server.username | text | - | User there.
auto_provision.server.password | text | - | Password there.
static.zero_touch.enable | bool | - | Ask the maker's redirection.
static.zero_touch.wait_time | int | - | Seconds to wait.
static.features.hide_zero_touch_url.enable | bool | - | Hide its address.
# Software, security, web.
static.firmware.url | text<=511 | - | Software, full address.
firmware.url | text<=511 | - | Software, older phones.
over_the_air.url.w56h | text<=511 | - | Software of handsets.
static.security.user_name.admin | text | - | Administrator's name.
static.security.user_name.user | text | - | User's name.
static.security.user_name.var | text | - | Name of the third account.
static.security.user_password | text | - | name:password, for the account with this name.
static.security.trust_certificates | bool | - | 1: only servers with a known certificate.
static.security.ca_cert | int | - | Which authorities count.
static.security.cn_validation | bool | - | Check the name in certificates.
static.security.dev_cert | int | - | Which certificate the phone shows.
static.trusted_certificates.url | text<=511 | - | Certificate of an authority.
static.server_certificates.url | text<=511 | - | Certificate of the phone.
static.wui.http_enable | bool | - | Web server.
static.wui.https_enable | bool | - | Web server with TLS.
static.custom_mac_cfg.url | text<=511 | - | Another address of the phone's file.
static.configuration.url | text<=511 | - | Configuration file.
static.custom_factory_configuration.url | text<=511 | - | Configuration after a reset.
static.web_item_level.url | text<=511 | - | Who may see what in the browser.
static.openvpn.url | text<=511 | - | VPN files.
static.watch_dog.enable | bool | - | Restart when the phone hangs.
# Logs.
static.syslog.enable | bool | - | Logs to a server.
static.syslog.server | text | - | Its address.
static.syslog.server_port | int 0..65535 | - | Its port.
static.syslog.transport_type | enum 0,1,2 | - | How.
static.syslog.level | int | - | Lowest level.
static.syslog.facility | int | - | Facility.
static.syslog.prepend_mac_address.enable | bool | - | The MAC stands before each line.
static.local_log.enable | bool | - | Logs on the phone.
static.local_log.level | int | - | Lowest level.
static.local_log.max_file_size | int | - | Its size.
# Network.
static.network.vlan.internet_port_enable | bool | - | VLAN of the phone.
static.network.vlan.internet_port_vid | int 1..4094 | - | Its number.
static.network.vlan.internet_port_priority | int 0..7 | - | Its priority.
static.network.vlan.pc_port_enable | bool | - | VLAN of the computer behind.
static.network.vlan.pc_port_vid | int 1..4094 | - | Its number.
static.network.vlan.pc_port_priority | int 0..7 | - | Its priority.
static.network.lldp.enable | bool | - | LLDP.
static.network.cdp.enable | bool | - | CDP.
static.network.span_to_pc_port | bool | - | Mirror packets to the computer's port.
static.network.vpn_enable | bool | - | VPN.
static.wifi.enable | bool | - | Wi-Fi.
# Time, features, control.
local_time.ntp_server1 | text | - | Time server.
local_time.ntp_server2 | text | - | Second time server.
local_time.time_zone | text | - | Hours from UTC, with a sign.
local_time.time_zone_name | text | - | Name of the zone.
local_time.summer_time | enum 0,1,2 | - | Whether clocks change; 2 by the zone.
local_time.time_format | bool | - | 24 hours.
local_time.date_format | int | - | How dates are written.
features.fwd.allow | bool | - | Forwarding is offered.
features.fwd_mode | int | - | For the phone or by account.
features.action_uri.enable | bool | - | Remote control by web.
features.action_uri_limit_ip | text | - | From where.
features.show_action_uri_option | bool | - | Ask the user first.
features.remote_phonebook.enable | bool | - | Phonebook of a server.
remote_phonebook.data.{1-5}.url | text<=511 | - | Its address.
remote_phonebook.data.{1-5}.name | text | - | Its name.
call_waiting.enable | bool | - | A second call is announced.
lang.gui | text | - | Language of the screen.
lang.wui | text | - | Language in the browser.
voice.tone.country | text | - | Tones of a country.
transfer.dsskey_deal_type | int | - | What a key does in a call.
sip.notify_reboot_enable | enum 0,1,2 | 1 | check-sync: 0 restart when it says so, 1 always, 2 never.
sip.trust_ctrl | bool | - | Only from known servers.
sip.listen_port | int 0..65535 | - | Port of SIP.
sip.mac_in_ua | bool | - | Say the MAC in SIP.
action_url.setup_completed | text<=511 | - | Address that is called after a start.
action_url.registered | text<=511 | - | When a line registers.
action_url.unregistered | text<=511 | - | When it signs off.
action_url.register_failed | text<=511 | - | When it fails.
action_url.ip_change | text<=511 | - | When the phone's address changes.
action_url.setup_autop_finish | text<=511 | - | When files were fetched.
voice.rtcp_xr.enable | bool | - | Measure speech quality.
phone_setting.vq_rtcpxr.session_report.enable | bool | - | Report after a call.
phone_setting.vq_rtcpxr.interval_report.enable | bool | - | Report in a call.
phone_setting.vq_rtcpxr_interval_period | int | - | Seconds between.
static.managementserver.enable | bool | - | TR-069.
static.managementserver.url | text<=511 | - | Its server.
static.managementserver.username | text | - | User there.
static.managementserver.password | text | - | Password there.
static.managementserver.connection_request_username | text | - | User that may ask the phone to call.
static.managementserver.connection_request_password | text | - | Its password.
static.managementserver.periodic_inform_enable | bool | - | Reports.
static.managementserver.periodic_inform_interval | int | - | Seconds between.
`
