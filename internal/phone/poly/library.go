package poly

import (
	"sync"

	"linecard/internal/phone"
)

// Dictionaries are what is known of the parameters, in our own words. A default is written only where a source names it.
func (maker) Dictionaries() []phone.Dictionary { return []phone.Dictionary{dictionary()} }

var dictionary = sync.OnceValue(func() phone.Dictionary { return phone.Table(Maker, "", "", table) })

// Sources of the profiles.
const (
	facts     = "UC Software parameters named in the fact sheet (UCS 5.8 guide, open templates)"
	wazo      = "wazo-provd-plugins wazo_polycom, base.tpl"
	fspbx     = "nemerald-voip/fspbx, VVX and Edge templates"
	codecs    = "open VVX templates of several providers: 0 is off, 1 is first"
	guide58   = "UC Software 5.8 administrator guide"
	anyUCS    = ">=4.0"
	sinceFive = ">=5.4"
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
		profile("Poly-Time", "Time from pool.ntp.org, whatever DHCP says. The zone is another profile.",
			phone.Bring(wazo, anyUCS, "tcpIpApp.sntp.address", "pool.ntp.org", "tcpIpApp.sntp.address.overrideDHCP", "1")),
		template("Poly-TimeZone", "The zone as seconds from UTC, and whether clocks change.",
			phone.Bring(wazo, anyUCS, "tcpIpApp.sntp.gmtOffset", "", "tcpIpApp.sntp.daylightSavings.enable", "")),
		template("Poly-DialPlan", "What is dialled at once and what waits for more digits. Emergency numbers must be among them.",
			phone.Bring(fspbx, anyUCS, "dialplan.digitmap", "", "dialplan.digitmap.timeOut", "")),
		profile("Poly-Codecs", "Wide band first, then G.711, then G.729.",
			phone.Bring(codecs, anyUCS, "voice.codecPref.G722", "1", "voice.codecPref.G711_A", "2", "voice.codecPref.G711_Mu", "3", "voice.codecPref.G729_AB", "4")),
		profile("Poly-SRTP", "Encrypted speech is offered and taken, but not demanded.",
			phone.Bring(wazo, anyUCS, "sec.srtp.enable", "1", "sec.srtp.offer", "1", "sec.srtp.require", "0")),
		profile("Poly-TLS", "The name in the certificate of the SIP server must be the one that was asked for.",
			phone.Bring(fspbx, sinceFive, "sec.TLS.SIP.strictCertCommonNameValidation", "1")),
		template("Poly-AdminPassword", "The administrator's password. The factory's, 456, is refused here and by phones.",
			phone.Bring(wazo, anyUCS, "device.set", "1", "device.auth.localAdminPassword", "", "device.auth.localAdminPassword.set", "1")),
		profile("Poly-WebInterface-Off", "No configuration in the browser. The phone's REST interface goes with the web server, so remote control through a relay does, too.",
			phone.Bring(facts, anyUCS, "httpd.cfg.enabled", "0", "httpd.enabled", "0")),
		template("Poly-Syslog", "Logs to a syslog server. Transport 1 is UDP, 2 TCP, 3 TLS.",
			phone.Bring(wazo, anyUCS, "device.set", "1", "device.syslog.serverName", "", "device.syslog.serverName.set", "1", "device.syslog.transport", "1", "device.syslog.transport.set", "1",
				"device.syslog.renderLevel", "3", "device.syslog.renderLevel.set", "1"),
			phone.Bring(facts, anyUCS, "device.syslog.prependMac", "1", "device.syslog.prependMac.set", "1")),
		profile("Poly-NAT-KeepAlive", "Keeps the way through a router open: a packet every 25 seconds.", phone.Bring(fspbx, anyUCS, "nat.keepalive.interval", "25")),
		profile("Poly-DND-Forward", "Do not disturb and forwarding are offered on the phone.",
			phone.Bring(fspbx, anyUCS, "feature.doNotDisturb.enable", "1", "feature.forward.enable", "1")),
		profile("Poly-Voicemail", "The message key calls the mailbox at once.",
			phone.Bring(fspbx, anyUCS, "msg.bypassInstantMessage", "1", "up.oneTouchVoiceMail", "1")),
		template("Poly-BLF", "Watches one extension on the next key after the lines. Address is the extension, label what the key shows.",
			phone.Bring(wazo, anyUCS, "attendant.resourceList.1.address", "", "attendant.resourceList.1.label", "")),
		profile("Poly-Serial", "Phones say their serial number, which is the MAC, when they ask for files and when they register.",
			phone.Bring(wazo, anyUCS, "device.set", "1", "device.prov.tagSerialNo", "1", "device.prov.tagSerialNo.set", "1"), phone.Bring(fspbx, anyUCS, "sec.tagSerialNo", "1")),
		profile("Poly-Logs", "Logs are sent every two days and appended to.",
			phone.Bring(guide58, anyUCS, "log.render.file.upload.append", "1", "log.render.file.upload.period", "172800")),
	}
}

// table is written by hand from the fact sheet, section 3, and the open templates named above.
const table = `
# Master file (DM-178).
APP_FILE_PATH | text<=255 | - | Software image, relative to the provisioning address or a full address. Overrides the chosen software.
CONFIG_FILES | text<=2020 | - | More parameter files, separated by commas; they fill gaps and override nothing.
MISC_FILES | text<=2047 | "" | More files that the phone fetches.
LOG_FILE_DIRECTORY | text<=255 | "" | Where logs are sent; empty: here.
OVERRIDES_DIRECTORY | text<=255 | "" | Where changes made on the phone are kept.
CONTACTS_DIRECTORY | text<=255 | "" | Where contacts are read and kept.
LICENSE_DIRECTORY | text<=255 | "" | Where licence files are.
CALL_LISTS_DIRECTORY | text<=255 | "" | Where call lists are kept.
COREFILE_DIRECTORY | text<=255 | - | Where memory images after a crash are sent.
USER_PROFILES_DIRECTORY | text<=255 | - | Profiles of users who sign in at a phone.
CERTIFICATE_DIRECTORY | text<=255 | - | Directory of certificates.
FLK_DIRECTORY | text<=255 | - | Directory of line key layouts.
DECT_FILE_PATH | text<=255 | - | Software of the DECT base.
SERVICE_FILES | text<=2047 | - | Service files.
# Registrations.
reg.{1-34}.address | text | "" | User part of the address that is registered.
reg.{1-34}.label | text | "" | What the line key shows.
reg.{1-34}.displayName | text | "" | Name that others see.
reg.{1-34}.auth.userId | text | "" | User name for authentication.
reg.{1-34}.auth.password | text | "" | Password for authentication.
reg.{1-34}.auth.domain | text | "" | Realm for authentication.
reg.{1-34}.auth.useLoginCredentials | bool | - | Authenticate with what the user signed in with.
reg.{1-34}.type | enum private,shared | - | Whether others have the same line.
reg.{1-34}.thirdPartyName | text | "" | Address of the shared line.
reg.{1-34}.lineKeys | int | - | How many keys the line has.
reg.{1-34}.callsPerLineKey | int | - | How many calls a key holds.
reg.{1-34}.bargeInEnabled | bool | - | Others may join calls of a shared line.
reg.{1-34}.server.{1-4}.address | text | "" | Registrar.
reg.{1-34}.server.{1-4}.port | int 0..65535 | - | Its port; 0: by the transport.
reg.{1-34}.server.{1-4}.transport | enum DNSnaptr,UDPOnly,TCPOnly,TLS,TCPpreferred | - | How SIP is sent; capitals matter.
reg.{1-34}.server.{1-4}.expires | int | - | Seconds a registration lasts.
reg.{1-34}.server.{1-4}.register | bool | - | Whether the phone registers there.
reg.{1-34}.server.{1-4}.retryMaxCount | int | - | Attempts before the next server.
reg.{1-34}.server.{1-4}.subscribe.expires | int | - | Seconds a subscription lasts.
reg.{1-34}.outboundProxy.address | text | "" | Outbound proxy.
reg.{1-34}.outboundProxy.port | int 0..65535 | - | Its port; 0: by the transport.
reg.{1-34}.outboundProxy.transport | enum DNSnaptr,UDPOnly,TCPOnly,TLS,TCPpreferred | - | How SIP is sent to it.
reg.{1-34}.srtp.enable | bool | - | Encrypted speech on this line.
reg.{1-34}.srtp.offer | bool | - | Offer it.
reg.{1-34}.srtp.require | bool | - | Demand it.
reg.{1-34}.serverFeatureControl.cf | bool | - | The server forwards, not the phone.
reg.{1-34}.serverFeatureControl.dnd | bool | - | The server keeps do not disturb.
# Messages.
msg.mwi.{1-34}.subscribe | text | "" | Address whose messages are watched.
msg.mwi.{1-34}.callBackMode | enum contact,registration,disabled | - | What the message key calls.
msg.mwi.{1-34}.callBack | text | "" | Number that collects messages.
msg.bypassInstantMessage | bool | - | The message key goes to voice mail at once.
up.mwiVisible | bool | - | Show waiting messages.
up.oneTouchVoiceMail | bool | - | One press calls the mailbox.
# Server for all lines.
voIpProt.server.{1-4}.address | text | "" | Registrar of lines without their own.
voIpProt.server.{1-4}.port | int 0..65535 | - | Its port.
voIpProt.server.{1-4}.transport | enum DNSnaptr,UDPOnly,TCPOnly,TLS,TCPpreferred | - | How SIP is sent.
voIpProt.server.{1-4}.expires | int | - | Seconds a registration lasts.
voIpProt.server.{1-4}.failOver.reRegisterOn | bool | - | Register with the next server when one fails.
voIpProt.server.{1-4}.failOver.failRegistrationOn | bool | - | Drop the registration with the server that failed.
voIpProt.server.{1-4}.failOver.onlySignalWithRegistered | bool | - | Send only to the server with which the phone is registered.
voIpProt.server.{1-4}.failOver.failBack.mode | text | - | When the phone goes back to the first server.
voIpProt.server.{1-4}.failOver.failBack.timeout | int | - | After how many seconds.
voIpProt.SIP.outboundProxy.address | text | "" | Outbound proxy of lines without their own.
voIpProt.SIP.outboundProxy.port | int 0..65535 | - | Its port.
voIpProt.SIP.specialEvent.checkSync.alwaysReboot | bool | 0 | 1: restart at every check-sync; 0: only when a file has changed.
voIpProt.SIP.requestValidation.{1-5}.method | text | - | How requests are checked.
voIpProt.SIP.requestValidation.{1-5}.request | text | - | Which requests are checked.
voIpProt.SIP.use486forReject | bool | - | Say busy when a call is refused.
# Keys.
lineKey.reassignment.enabled | bool | - | Keys are laid out by lineKey.N.
lineKey.{1-136}.category | text | - | What is on the key.
lineKey.{1-136}.index | text | - | Which line or macro; 0 for BLF.
attendant.uri | text | "" | Address of a list that the server keeps.
attendant.reg | int | - | Line that watches.
attendant.resourceList.{1-100}.address | text | "" | Who is watched.
attendant.resourceList.{1-100}.label | text | "" | What the key shows.
attendant.resourceList.{1-100}.type | enum normal,automata | - | automata: one press calls, for park orbits.
attendant.behaviors.display.remoteCallerID.normal | bool | - | Show who calls a watched person.
attendant.behaviors.display.remoteCallerID.automata | bool | - | The same for automata.
attendant.behaviors.display.spontaneousCallAppearances.normal | bool | - | Open a window when a watched person is called.
attendant.behaviors.display.spontaneousCallAppearances.automata | bool | - | The same for automata.
call.directedCallPickupMethod | text | - | How a watched call is picked up.
call.directedCallPickupString | text | - | Code that picks up.
call.callWaiting.enable | bool | - | A second call is announced.
efk.version | int | - | Version of the macros.
efk.efklist.{1-50}.mname | text<=64 | - | Name of the macro.
efk.efklist.{1-50}.status | bool | - | Whether it is on.
efk.efklist.{1-50}.label | text<=64 | "" | What is shown.
efk.efklist.{1-50}.action.string | text<=255 | "" | What is dialled or sent.
efk.efkprompt.{1-10}.status | bool | - | Whether the question is on.
efk.efkprompt.{1-10}.label | text | - | The question.
efk.efkprompt.{1-10}.type | text | - | What can be answered.
softkey.{1-10}.enable | bool | - | Whether the soft key is on.
softkey.{1-10}.label | text | - | What it shows.
softkey.{1-10}.action | text | - | What it does.
softkey.{1-10}.use.idle | bool | - | Shown when there is no call.
softkey.{1-10}.use.active | bool | - | Shown in a call.
feature.enhancedFeatureKeys.enabled | bool | - | Macros on keys.
feature.EFKLineKey.enabled | bool | - | Macros on line keys.
feature.doNotDisturb.enable | bool | - | Do not disturb is offered.
feature.forward.enable | bool | - | Forwarding is offered.
feature.urlDialing.enabled | bool | - | Addresses can be dialled.
feature.logUpload.enabled | bool | - | Logs can be sent by menu.
feature.bluetooth.enabled | bool | - | Bluetooth.
# Time, numbers, speech, security.
tcpIpApp.sntp.address | text | - | Time server.
tcpIpApp.sntp.address.overrideDHCP | bool | - | Take it whatever DHCP says.
tcpIpApp.sntp.gmtOffset | int | - | Seconds from UTC.
tcpIpApp.sntp.gmtOffset.overrideDHCP | bool | - | Take it whatever DHCP says.
tcpIpApp.sntp.olsonTimezoneID | text | - | Name of the zone.
tcpIpApp.sntp.daylightSavings.enable | bool | - | Clocks change.
tcpIpApp.sntp.daylightSavings.fixedDayEnable | bool | - | They change on a date, not on a weekday.
tcpIpApp.sntp.daylightSavings.start.month | int 1..12 | - | Month in which they go forward.
tcpIpApp.sntp.daylightSavings.start.date | int 1..31 | - | Day from which the weekday counts.
tcpIpApp.sntp.daylightSavings.start.time | int 0..23 | - | Hour.
tcpIpApp.sntp.daylightSavings.start.dayOfWeek | int 1..7 | - | Weekday.
tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth | bool | - | The last of the month.
tcpIpApp.sntp.daylightSavings.stop.month | int 1..12 | - | Month in which they go back.
tcpIpApp.sntp.daylightSavings.stop.date | int 1..31 | - | Day from which the weekday counts.
tcpIpApp.sntp.daylightSavings.stop.time | int 0..23 | - | Hour.
tcpIpApp.sntp.daylightSavings.stop.dayOfWeek | int 1..7 | - | Weekday.
tcpIpApp.sntp.daylightSavings.stop.dayOfWeek.lastInMonth | bool | - | The last of the month.
dialplan.digitmap | text<=2560 | - | What may be dialled, alternatives separated by |.
dialplan.digitmap.timeOut | text<=100 | - | Seconds to wait for each alternative.
voice.codecPref.G722 | int | - | Rank of G.722; 0 is off.
voice.codecPref.G711_A | int | - | Rank of G.711 A-law; 0 is off.
voice.codecPref.G711_Mu | int | - | Rank of G.711 u-law; 0 is off.
voice.codecPref.G729_AB | int | - | Rank of G.729; 0 is off.
voice.codecPref.Opus | int | - | Rank of Opus; 0 is off.
voice.codecPref.iLBC.13_33kbps | int | - | Rank of iLBC; 0 is off.
voice.volume.persist.handset | bool | - | Keep the volume for the next call.
voice.volume.persist.headset | bool | - | The same for the headset.
voice.volume.persist.handsfree | bool | - | The same for the loudspeaker.
sec.srtp.enable | bool | - | Encrypted speech.
sec.srtp.offer | bool | - | Offer it.
sec.srtp.require | bool | - | Demand it.
sec.tagSerialNo | bool | - | Say the MAC in SIP.
sec.TLS.protocol.sip | text | - | Lowest TLS version for SIP.
sec.TLS.SIP.strictCertCommonNameValidation | bool | - | Check the name in the SIP server's certificate.
sec.TLS.customCaCert.{1-7} | text | - | Certificate of an authority, PEM.
sec.TLS.profileSelection.SIP | text | - | TLS profile for SIP.
tone.dtmf.viaRtp | bool | - | Digits in the speech stream.
tone.dtmf.rfc2833Control | bool | - | As events.
nat.keepalive.interval | int | - | Seconds between packets that keep a router's way open; 0 none.
nat.ip | text | - | Address outside the router.
qos.ip.callControl.dscp | text | - | Mark of SIP packets.
qos.ip.rtp.dscp | text | - | Mark of speech packets.
# Provisioning and polling.
prov.polling.enabled | bool | 0 | The phone asks for changes by itself.
prov.polling.mode | enum abs,rel,random | abs | At a time, after a time, or at some time in a window.
prov.polling.period | int 3601..2147483647 | 86400 | Seconds between.
prov.polling.time | text<=5 | 03:00 | Begin of the window.
prov.polling.timeRandomEnd | text<=5 | - | End of the window.
prov.autoConfigUpload.enabled | bool | - | Changes made on the phone are sent.
prov.quickSetup.enabled | bool | - | A soft key that asks for the provisioning account.
# Flash (facts, section 3.5): each needs device.set and its .set beside it.
device.set | bool | - | Take device parameters from files.
device.prov.serverType | int 0..4 | - | 0 FTP, 1 TFTP, 2 HTTP, 3 HTTPS.
device.prov.serverType.set | bool | - | Take the value beside it.
device.prov.serverName | text<=255 | - | Provisioning address.
device.prov.serverName.set | bool | - | Take the value beside it.
device.prov.user | text<=255 | - | User there.
device.prov.user.set | bool | - | Take the value beside it.
device.prov.password | text<=255 | - | Password there.
device.prov.password.set | bool | - | Take the value beside it.
device.prov.upgradeServer | text<=255 | - | Server of software images.
device.prov.upgradeServer.set | bool | - | Take the value beside it.
device.prov.tagSerialNo | bool | 0 | Say the MAC when asking for files.
device.prov.tagSerialNo.set | bool | - | Take the value beside it.
device.prov.redunAttemptLimit | int | 3 | Attempts for a file.
device.prov.redunAttemptLimit.set | bool | - | Take the value beside it.
device.prov.redunInterAttemptDelay | int | 1 | Seconds between them.
device.prov.redunInterAttemptDelay.set | bool | - | Take the value beside it.
device.prov.maxRedunServers | int 1..8 | 1 | Servers of one name that are tried.
device.prov.maxRedunServers.set | bool | - | Take the value beside it.
device.prov.abortSWUpgradeAfterFailures | int | - | Give up a software update after so many attempts.
device.prov.abortSWUpgradeAfterFailures.set | bool | - | Take the value beside it.
device.dhcp.bootSrvUseOpt | int 0..3 | 3 | 0 option 66, 1 custom, 2 static, 3 custom and 66.
device.dhcp.bootSrvUseOpt.set | bool | - | Take the value beside it.
device.dhcp.bootSrvOpt | int 128..254 | - | Number of the custom option.
device.dhcp.bootSrvOpt.set | bool | - | Take the value beside it.
device.dhcp.bootSrvOptType | int 0..1 | - | 0 address, 1 text.
device.dhcp.bootSrvOptType.set | bool | - | Take the value beside it.
device.dhcp.option60Type | int 0..1 | - | Form of option 60.
device.dhcp.option60Type.set | bool | - | Take the value beside it.
device.auth.localAdminPassword | text | - | Administrator's password on the phone.
device.auth.localAdminPassword.set | bool | - | Take the value beside it.
device.auth.localUserPassword | text | - | User's password on the phone.
device.auth.localUserPassword.set | bool | - | Take the value beside it.
device.baseProfile | text | - | Platform that the phone is set up for.
device.baseProfile.set | bool | - | Take the value beside it.
device.eulaAccepted | bool | - | Licence terms are accepted.
device.eulaAccepted.set | bool | - | Take the value beside it.
device.sntp.serverName | text | - | Time server until files are read.
device.sntp.serverName.set | bool | - | Take the value beside it.
device.sntp.gmtOffset | int | - | Seconds from UTC until files are read.
device.sntp.gmtOffset.set | bool | - | Take the value beside it.
device.net.vlanId | text | - | VLAN of the phone; empty none.
device.net.vlanId.set | bool | - | Take the value beside it.
device.net.lldpEnabled | bool | - | LLDP.
device.net.lldpEnabled.set | bool | - | Take the value beside it.
device.net.cdpEnabled | bool | - | CDP.
device.net.cdpEnabled.set | bool | - | Take the value beside it.
device.syslog.serverName | text | - | Syslog server, may have a port.
device.syslog.serverName.set | bool | - | Take the value beside it.
device.syslog.transport | int 0..3 | - | 0 none, 1 UDP, 2 TCP, 3 TLS.
device.syslog.transport.set | bool | - | Take the value beside it.
device.syslog.facility | int 0..23 | 16 | Facility.
device.syslog.facility.set | bool | - | Take the value beside it.
device.syslog.renderLevel | int 0..6 | - | Lowest level that is sent.
device.syslog.renderLevel.set | bool | - | Take the value beside it.
device.syslog.prependMac | bool | - | The MAC stands before each line.
device.syslog.prependMac.set | bool | - | Take the value beside it.
device.sec.TLS.protocol.prov | text | - | Lowest TLS version for provisioning.
device.sec.TLS.protocol.prov.set | bool | - | Take the value beside it.
device.sec.TLS.prov.strictCertCommonNameValidation | bool | - | Check the name in the provisioning server's certificate.
device.sec.TLS.prov.strictCertCommonNameValidation.set | bool | - | Take the value beside it.
device.sec.TLS.customCaCert{1-2} | text | - | Certificate of an authority, PEM.
device.sec.TLS.customCaCert{1-2}.set | bool | - | Take the value beside it.
# Web, control, events.
httpd.enabled | bool | - | Web server.
httpd.cfg.enabled | bool | - | Configuration in the browser.
httpd.cfg.port | int 1..65535 | - | Its port.
httpd.cfg.secureTunnelEnabled | bool | - | HTTPS.
httpd.cfg.secureTunnelPort | int 1..65535 | - | Its port.
httpd.cfg.secureTunnelRequired | bool | - | HTTPS only.
apps.restapi.enabled | bool | - | REST interface.
apps.restapi.sipNotify.enabled | bool | - | REST commands by SIP NOTIFY.
apps.push.messageType | int 0..5 | - | Which pushed messages are shown.
apps.push.username | text | - | User that pushes.
apps.push.password | text | - | Password that pushes.
apps.statePolling.URL | text | - | Where states are posted.
apps.statePolling.username | text | - | User that asks for states.
apps.statePolling.password | text | - | Password that asks for states.
apps.statePolling.responseMode | bool | - | 0 in the answer, 1 by post.
apps.telNotification.URL | text | - | Where events are posted.
apps.telNotification.lineRegistrationEvent | bool | - | Lines that register.
apps.telNotification.incomingEvent | bool | - | Calls that come in.
apps.telNotification.outgoingEvent | bool | - | Calls that go out.
apps.telNotification.offhookEvent | bool | - | Handset lifted.
apps.telNotification.onhookEvent | bool | - | Handset put down.
apps.telNotification.callStateChangeEvent | bool | - | States of calls.
apps.telNotification.userLogInOutEvent | bool | - | Users who sign in or out.
# Logs and diagnosis.
log.render.level | int 0..6 | - | Lowest level that is kept.
log.render.type | int 0..2 | - | How the time is written.
log.render.realtime | bool | - | With the time of day.
log.render.file | bool | - | Kept in a file.
log.render.file.size | int | - | Its size in KB.
log.render.file.upload.period | int | 172800 | Seconds between uploads.
log.render.file.upload.append | bool | 1 | Appended on the server.
log.render.file.upload.append.sizeLimit | int | 512 | KB on the server.
log.render.file.upload.append.limitMode | enum delete,stop | - | What happens then.
log.level.change.sip | int 0..6 | - | Level of SIP.
log.level.change.cfg | int 0..6 | - | Level of configuration.
log.level.change.dns | int 0..6 | - | Level of DNS.
log.level.change.tls | int 0..6 | - | Level of TLS.
diags.pcap.enabled | bool | - | Capture on the phone.
diags.pcap.filter | text | - | What is captured.
diags.pcap.flash.fileSize | int | - | Size of the capture.
diags.pcap.remote.enabled | bool | - | Capture from outside.
diags.pcap.remote.port | int 1..65535 | - | Its port.
diags.pcap.remote.password | text | - | Its password.
diags.pcap.background.enabled | bool | - | Capture in the background.
diags.pcap.background.bufferSize | int | - | Its size.
diags.pcap.background.filter | text | - | What is captured.
diags.pcap.background.uploadURL | text | - | Where it is sent.
diags.pcap.background.encryption.enabled | bool | - | Encrypted.
diags.pcap.background.encryption.key | text | - | With this key.
diags.telnetd.enabled | bool | - | Telnet.
diags.dumpcore.enabled | bool | - | Memory image after a crash.
up.screenCapture.enabled | bool | - | Pictures of the screen.
up.screenCapture.value | bool | - | Without asking the user.
dir.local.readonly | bool | - | Contacts are the server's.
license.polling.time | text<=5 | - | When licences are asked for.
`
