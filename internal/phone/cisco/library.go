package cisco

import (
	"sync"

	"linecard/internal/phone"
)

// Dictionaries are what is known of the parameters, in our own words. A default is written only where a source names it: Gone
// tells phones the default.
func (maker) Dictionaries() []phone.Dictionary { return []phone.Dictionary{dictionary()} }

var dictionary = sync.OnceValue(func() phone.Dictionary { return phone.Table(Maker, "", "", table) })

// Sources of the profiles.
const (
	facts  = "elements named in the fact sheet (MPP 7800 and 8800 guides)"
	fusion = "fusionpbx provision/cisco 8841"
	ref    = "XML reference guide for multiplatform phones, 2025"
	mpp11  = ">=11.0"
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
		profile("Cisco-Time", "Time from pool.ntp.org. The zone is another profile.", phone.Bring(fusion, mpp11, "Primary_NTP_Server", "pool.ntp.org")),
		template("Cisco-TimeZone", "The zone, as GMT+01:00, and when clocks change.",
			phone.Bring(fusion, mpp11, "Time_Zone", "", "Daylight_Saving_Time_Enable", "", "Daylight_Saving_Time_Rule", "")),
		template("Cisco-DialPlan", "What may be dialled by the first line, and which numbers are emergencies.",
			phone.Bring(fusion, mpp11, "Dial_Plan_1_", "", "Emergency_Number_1_", "")),
		profile("Cisco-Codecs", "G.722 and G.729 are on for every line, G.711 always is.", phone.Bring(fusion, mpp11, "G722_Enable_{1-10}_", "Yes", "G729a_Enable_{1-10}_", "Yes")),
		profile("Cisco-SRTP", "Speech is encrypted where the other side can; SIP over TLS is set by the line.", phone.Bring(ref, ">=11.3", "Secure_Call_Option_{1-10}_", "Optional")),
		profile("Cisco-TLS", "TLS 1.2 at least, and the name in the certificate of the SIP server is checked.",
			phone.Bring(ref, ">=12.0", "TLS_Client_Min_Version", "TLS 1.2"), phone.Bring(ref, ">=11.3", "TLS_Name_Validate_{1-10}_", "Yes")),
		template("Cisco-AdminPassword", "The administrator's password in browser and menu.", phone.Bring(facts, mpp11, "Admin_Password", "")),
		profile("Cisco-WebInterface-Off", "No web server on the phone.", phone.Bring(fusion, mpp11, "Enable_Web_Server", "No")),
		template("Cisco-Syslog", "Logs to a syslog server, host or host:port.", phone.Bring(facts, mpp11, "Syslog_Server", ""), phone.Bring(fusion, mpp11, "Debug_Level", "NOTICE")),
		profile("Cisco-NAT-KeepAlive", "Keeps the way through a router open: a packet every 15 seconds for every line.",
			phone.Bring(fusion, mpp11, "NAT_Keep_Alive_Enable_{1-10}_", "Yes", "NAT_Keep_Alive_Intvl", "15")),
		profile("Cisco-DND-Forward", "Do not disturb and forwarding are offered on the phone.",
			phone.Bring(fusion, mpp11, "DND_Serv", "Yes", "Cfwd_All_Serv", "Yes", "Cfwd_Busy_Serv", "Yes", "Cfwd_No_Ans_Serv", "Yes")),
		profile("Cisco-Voicemail", "Lines may ask for their waiting messages.", phone.Bring(ref, ">=11.3", "Voice_Mail_Enable_{1-10}_", "Yes")),
		template("Cisco-BLF", "Watches one extension on the second key: fnc=blf+sd+cp;sub=EXTENSION@$PROXY;ext=EXTENSION@$PROXY;nme=NAME",
			phone.Bring(ref, mpp11, "Extension_2_", "Disabled", "Extended_Function_2_", "")),
		profile("Cisco-Password-Warnings", "Phones say so when a password is missing.", phone.Bring(ref, ">=12.0", "Display_Password_Warnings", "Yes")),
	}
}

// table is written by hand from the fact sheet, section B, the XML reference (defaults, lists and lengths) and the open template.
const table = `
# Asking for the profile.
Provision_Enable | yesno | Yes | Whether the phone asks at all.
Profile_Rule | text | - | Where the profile is.
Profile_Rule_B | text | - | A second profile.
Profile_Rule_C | text | - | A third one.
Profile_Rule_D | text | - | A fourth one.
Resync_On_Reset | yesno | Yes | Ask after power on.
Resync_Random_Delay | int | - | Seconds to wait at most after power on.
Resync_At__HHmm_ | text<=4 | "" | Time of day to ask.
Resync_At_Random_Delay | int 600..65535 | - | Seconds later at most.
Resync_Periodic | text | 3600 | Seconds between; a list is possible.
Resync_Error_Retry_Delay | text | - | Seconds after a failure; a list is possible.
Forced_Resync_Delay | int | 14400 | Seconds to wait for a busy phone.
Resync_From_SIP | yesno | - | Ask when SIP says so.
Resync_After_Upgrade_Attempt | yesno | - | Ask after an update.
Resync_Fails_On_FNF | yesno | Yes | A missing profile is a failure.
User_Configurable_Resync | yesno | - | The user may ask.
Profile_Authentication_Type | text | - | How the phone proves itself.
DHCP_Option_To_Use | text | 66,160,159,150,60,43,125 | Options with an address.
Log_Request_Msg | text | - | Text of the log when asking.
GPP_A | text | - | Free text for rules.
GPP_B | text | - | Free text for rules.
GPP_SA | text | - | Secret for rules.
GPP_SB | text | - | Secret for rules.
GPP_SC | text | - | Secret for rules.
GPP_SD | text | - | Secret for rules.
Custom_CA_Rule | text | - | Certificate of an authority.
HTTP_User_Agent_Name | text | - | How the phone calls itself.
Webex_Onboard_Enable | yesno | Yes | Onboarding to the maker's cloud.
# Software.
Upgrade_Enable | yesno | - | Whether software is updated.
Upgrade_Rule | text | - | Which software.
Upgrade_Error_Retry_Delay | text | - | Seconds after a failure.
Downgrade_Rev_Limit | text | - | No older software than this.
Peer_Firmware_Sharing | yesno | - | Take software from neighbours.
# Reports.
Report_Rule | text | - | Where the configuration is sent.
HTTP_Report_Method | enum PUT,POST | POST | How.
Report_to_Server | enum On Request,On Local Change,Periodically | - | When.
periodic_upload_to_server | int 600..2592000 | 3600 | Seconds between.
Upload_Delay_On_Local_Change | int 10..900 | 60 | Seconds after a change.
PRT_Upload_Rule | text | - | Where problem reports are sent.
PRT_Upload_Method | enum POST,PUT | - | How.
PRT_Max_Timer | text | - | Minutes between automatic reports.
PRT_Name | text | - | Their name.
# Lines.
Line_Enable_{1-16}_ | yesno | - | Whether the line is on.
Proxy_{1-16}_ | text | - | Registrar.
Alternate_Proxy_{1-16}_ | text | - | Second registrar.
Outbound_Proxy_{1-16}_ | text | - | Outbound proxy.
Alternate_Outbound_Proxy_{1-16}_ | text | - | Second outbound proxy.
Use_DNS_SRV_{1-16}_ | yesno | - | Ask DNS for the server.
DNS_SRV_Auto_Prefix_{1-16}_ | yesno | - | Put _sip before the name.
SIP_Transport_{1-16}_ | enum UDP,TCP,TLS,Auto,AUTO | - | How SIP is sent.
SIP_Port_{1-16}_ | int 0..65535 | - | The phone's own port.
Register_{1-16}_ | yesno | - | Register at all.
Register_Expires_{1-16}_ | int 0..86400 | 3600 | Seconds a registration lasts.
User_ID_{1-16}_ | text | - | User part of the address that is registered.
Auth_ID_{1-16}_ | text | - | User name for authentication.
Password_{1-16}_ | text | - | Password for authentication.
Display_Name_{1-16}_ | text | - | Name that others see.
SIP_URI_{1-16}_ | text | - | Address when it is another one.
Share_Ext_{1-16}_ | enum private,shared | - | Whether others have the same line.
Shared_User_ID_{1-16}_ | text | - | Address of the shared line.
Auth_Resync-Reboot_{1-16}_ | yesno | - | Ask for credentials when SIP says resync or restart.
Voice_Mail_Enable_{1-16}_ | yesno | Yes | Ask for waiting messages.
Message_Waiting_{1-16}_ | yesno | - | Show that messages wait.
Mailbox_ID_{1-16}_ | text | - | Mailbox.
Voice_Mail_Server_{1-16}_ | text | - | Its server.
NAT_Mapping_Enable_{1-16}_ | yesno | - | Say the outer address.
NAT_Keep_Alive_Enable_{1-16}_ | yesno | - | Packets that keep a router's way open.
Preferred_Codec_{1-16}_ | text | - | First codec.
Second_Preferred_Codec_{1-16}_ | text | - | Second codec.
Third_Preferred_Codec_{1-16}_ | text | - | Third codec.
Use_Pref_Codec_Only_{1-16}_ | yesno | - | No other codec.
G722_Enable_{1-16}_ | yesno | - | G.722.
G729a_Enable_{1-16}_ | yesno | - | G.729.
OPUS_Enable_{1-16}_ | yesno | - | Opus.
iLBC_Enable_{1-16}_ | yesno | - | iLBC.
DTMF_Tx_Method_{1-16}_ | text | - | How digits are sent in a call.
Dial_Plan_{1-16}_ | text | - | What may be dialled.
Emergency_Number_{1-16}_ | text | - | Emergency numbers.
Secure_Call_Option_{1-16}_ | enum Optional,Required,Strict | Optional | Whether speech must be encrypted.
TLS_Name_Validate_{1-16}_ | yesno | Yes | Check the name in the SIP server's certificate.
MediaSec_Request_{1-16}_ | yesno | No | Negotiate encrypted speech.
Block_Anonymous_Call_Enable_{1-16}_ | yesno | No | Refuse anonymous calls, kept by the server.
Call_Waiting_Enable_{1-16}_ | yesno | No | Call waiting, kept by the server.
Feature_Key_Sync_{1-16}_ | yesno | - | Forwarding and do not disturb are kept by the server.
Voice_Quality_Report_Address_{1-16}_ | text | - | Where speech quality is reported.
Default_Ring_{1-16}_ | text | - | Ring tone.
# Keys.
Extension_1_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 1 | Line on the key.
Extension_2_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 2 | Line on the key.
Extension_3_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 3 | Line on the key.
Extension_4_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 4 | Line on the key.
Extension_5_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 5 | Line on the key.
Extension_6_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 6 | Line on the key.
Extension_7_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 7 | Line on the key.
Extension_8_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 8 | Line on the key.
Extension_9_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 9 | Line on the key.
Extension_10_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | 10 | Line on the key.
Extension_{11-16}_ | enum 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,Disabled | - | Line on the key.
Short_Name_{1-16}_ | text | - | What the key shows.
Share_Call_Appearance_{1-16}_ | enum private,shared | - | Whether others have it.
Extended_Function_{1-16}_ | text<=511 | "" | What the key does beside a line.
Unit_{1-3}_Key_{1-36}_ | text<=511 | - | What a key of an expansion module does.
Number_of_Units | int 0..3 | - | Expansion modules.
KEM_Type | enum BEKEM,CP-8800-Audio,CP-8800-Video | - | Their kind.
BLF_List_URI | text | - | Address of a list that the server keeps.
Enable_Direct_PLK_Configuration | yesno | Yes | Keys need no disabled line.
Customizable_PLK_Options | text<=511 | sd | What users may put on keys.
Call_Appearances_Per_Line | int 1..10 | 2 | Calls that a line holds.
Idle_Key_List | text | - | Soft keys without a call.
Programmable_Softkey_Enable | yesno | No | Own soft keys.
PSK_{1-16} | text | - | A soft key.
# System.
Admin_Password | text | - | Administrator's password.
User_Password | text | - | User's password.
Display_Password_Warnings | yesno | Yes | Say when a password is missing.
Enable_Web_Server | yesno | - | Web server.
Enable_Web_Admin_Access | yesno | - | Administration in the browser.
Enable_Protocol | enum Https,Http | Https | How the browser talks to the phone.
Web_Server_Port | int 1..65535 | 443 | Its port.
Phone-UI-readonly | yesno | - | Nothing can be changed on the phone.
Host_Name | text | - | Name in the network.
Primary_NTP_Server | text | - | Time server.
Secondary_NTP_Server | text | - | Second time server.
Time_Zone | text | - | Zone, as GMT+01:00.
Daylight_Saving_Time_Enable | yesno | - | Clocks change.
Daylight_Saving_Time_Rule | text | - | When.
Time_Format | enum 12hr,24hr | 12hr | How the time is written.
Syslog_Server | text | - | Logs to a server, host or host:port.
Syslog_Identifier | text | - | What stands before each line.
Debug_Level | text | - | Lowest level of logs.
Enable_VLAN | yesno | - | VLAN of the phone.
VLAN_ID | int 0..4095 | - | Its number.
PC_Port_VLAN_ID | int 0..4095 | - | VLAN of the computer behind.
Enable_CDP | yesno | - | CDP.
Enable_LLDP-MED | yesno | - | LLDP.
Enable_802.1X_Authentication | yesno | No | 802.1X.
TLS_Client_Min_Version | enum TLS 1.0,TLS 1.1,TLS 1.2,TLS 1.3 | TLS 1.2 | Lowest TLS version as a client.
TLS_Server_Min_Version | enum TLS 1.1,TLS 1.2,TLS 1.3 | TLS 1.2 | Lowest TLS version as a server.
TLS_Cipher_List | text<=521 | "" | Ciphers.
Trans_Auth_Rule | text | "" | Licence for the change from enterprise software.
Trans_Auth_Type | enum Classic,WxC | Classic | Kind of that licence.
SIP_IP_Preference | enum IPv4,IPv6 | IPv4 | Address family of SIP.
NAT_Keep_Alive_Intvl | int | - | Seconds between packets that keep a router's way open.
Handle_VIA_rport | yesno | - | Answer to the port a request came from.
Insert_VIA_rport | yesno | - | Ask for the same.
STUN_Enable | yesno | - | Ask for the outer address.
STUN_Server | text | - | Where.
# Telephone.
Station_Name | text | - | Name of the phone.
Station_Display_Name | text | - | Name on its screen.
Voice_Mail_Number | text | - | Number that collects messages.
DND_Serv | yesno | - | Do not disturb is offered.
Cfwd_All_Serv | yesno | - | Forwarding of all calls is offered.
Cfwd_Busy_Serv | yesno | - | Forwarding when busy is offered.
Cfwd_No_Ans_Serv | yesno | - | Forwarding when nobody answers is offered.
Cfwd_All | yesno | No | Forward all calls.
Cfwd_Busy | yesno | No | Forward when busy.
Cfwd_No_Answer | yesno | No | Forward when nobody answers.
Call_Pickup_Code | text | - | Code that picks up.
Call_Park_Code | text | - | Code that parks.
Call_Unpark_Code | text | - | Code that takes a parked call.
Group_Call_Pickup_Code | text | - | Code that picks up a call of the group.
Conference_Serv | yesno | - | Conferences.
Attn_Transfer_Serv | yesno | - | Transfer after a talk.
Blind_Transfer_Serv | yesno | - | Transfer without a talk.
Call_Statistics | yesno | No | Send statistics after a call.
`
