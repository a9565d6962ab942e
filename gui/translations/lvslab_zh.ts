<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Actions</name>
    <message>
        <source>&amp;Open…</source>
        <translation>打开(&amp;O)…</translation>
    </message>
    <message>
        <source>Save the &amp;text</source>
        <translation>保存文本(&amp;T)</translation>
    </message>
    <message>
        <source>R&amp;un the text</source>
        <translation>运行文本(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Export capture…</source>
        <translation>导出抓包(&amp;E)…</translation>
    </message>
    <message>
        <source>Open in &amp;Wireshark</source>
        <translation>用 Wireshark 打开(&amp;W)</translation>
    </message>
    <message>
        <source>Export &amp;picture of the topology…</source>
        <translation>导出拓扑图(&amp;P)…</translation>
    </message>
    <message>
        <source>Export picture of the &amp;ladder…</source>
        <translation>导出时序图(&amp;L)…</translation>
    </message>
    <message>
        <source>&amp;Save what I typed as a scenario…</source>
        <translation>把输入过的命令存为场景(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Run or pause</source>
        <translation>运行或暂停(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Step forward</source>
        <translation>前进一步(&amp;S)</translation>
    </message>
    <message>
        <source>Step &amp;back</source>
        <translation>后退一步(&amp;B)</translation>
    </message>
    <message>
        <source>Forward by a &amp;frame</source>
        <translation>前进一帧(&amp;F)</translation>
    </message>
    <message>
        <source>Back by a frame</source>
        <translation>后退一帧</translation>
    </message>
    <message>
        <source>Forward to the next &amp;command</source>
        <translation>前进到下一条命令(&amp;C)</translation>
    </message>
    <message>
        <source>Back to the last command</source>
        <translation>后退到上一条命令</translation>
    </message>
    <message>
        <source>&amp;Next packet of this conversation</source>
        <translation>本会话的下一个报文(&amp;N)</translation>
    </message>
    <message>
        <source>Run &amp;until…</source>
        <translation>运行到…(&amp;U)</translation>
    </message>
    <message>
        <source>Back to the s&amp;tart</source>
        <translation>回到开头(&amp;T)</translation>
    </message>
    <message>
        <source>Run to the &amp;end</source>
        <translation>运行到结束(&amp;E)</translation>
    </message>
    <message>
        <source>Chec&amp;k expectations</source>
        <translation>检查预期(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Filter events</source>
        <translation>过滤事件(&amp;F)</translation>
    </message>
    <message>
        <source>F&amp;ollow packet</source>
        <translation>跟踪报文(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Why?</source>
        <translation>为什么？(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Terminal</source>
        <translation>终端(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Clear filters and selection</source>
        <translation>清除过滤与选择(&amp;C)</translation>
    </message>
    <message>
        <source>Fit the &amp;drawing</source>
        <translation>适应窗口(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Arrange the drawing automatically</source>
        <translation>自动排列(&amp;A)</translation>
    </message>
    <message>
        <source>Without &amp;motion</source>
        <translation>不要动画(&amp;M)</translation>
    </message>
    <message>
        <source>中文 / English</source>
        <translation>中文 / English</translation>
    </message>
    <message>
        <source>&amp;Light or dark</source>
        <translation>浅色或深色(&amp;L)</translation>
    </message>
    <message>
        <source>All &amp;keys</source>
        <translation>全部快捷键(&amp;K)</translation>
    </message>
    <message>
        <source>Export &amp;every record…</source>
        <translation>导出全部记录(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;All lessons</source>
        <translation>全部课程(&amp;A)</translation>
    </message>
    <message>
        <source>Export capture of what the list s&amp;hows…</source>
        <translation>导出列表所示报文的抓包(&amp;H)…</translation>
    </message>
    <message>
        <source>Export a repo&amp;rt…</source>
        <translation>导出报告(&amp;R)…</translation>
    </message>
    <message>
        <source>&amp;New scenario…</source>
        <translation>新建场景(&amp;N)…</translation>
    </message>
    <message>
        <source>Save the text &amp;as…</source>
        <translation>文本另存为(&amp;A)…</translation>
    </message>
    <message>
        <source>Reopen what I typed &amp;last</source>
        <translation>重新打开上次输入的内容(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>重做(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Edit the drawing</source>
        <translation>编辑拓扑(&amp;E)</translation>
    </message>
    <message>
        <source>Re&amp;move the chosen host or switch</source>
        <translation>删除选中的主机或交换机(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Larger, from the next start</source>
        <translation>放大（下次启动生效）(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Smaller, from the next start</source>
        <translation>缩小（下次启动生效）(&amp;S)</translation>
    </message>
    <message>
        <source>Only this c&amp;onversation</source>
        <translation>只看这一会话(&amp;O)</translation>
    </message>
</context>
<context>
    <name>Backend</name>
    <message>
        <source>Simulator</source>
        <translation>模拟器</translation>
    </message>
    <message>
        <source>Real kernel</source>
        <translation>真实内核</translation>
    </message>
</context>
<context>
    <name>Fields</name>
    <message>
        <source>acknowledgment number</source>
        <translation>确认号</translation>
    </message>
    <message>
        <source>address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>address count</source>
        <translation>地址数</translation>
    </message>
    <message>
        <source>advert interval</source>
        <translation>通告间隔</translation>
    </message>
    <message>
        <source>answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>authentication</source>
        <translation>认证方式</translation>
    </message>
    <message>
        <source>change</source>
        <translation>变更</translation>
    </message>
    <message>
        <source>checksum</source>
        <translation>校验和</translation>
    </message>
    <message>
        <source>client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>client port</source>
        <translation>客户端端口</translation>
    </message>
    <message>
        <source>code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>connection</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>count</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>destination</source>
        <translation>目的地址</translation>
    </message>
    <message>
        <source>destination options</source>
        <translation>目的选项</translation>
    </message>
    <message>
        <source>destination port</source>
        <translation>目的端口</translation>
    </message>
    <message>
        <source>don&apos;t fragment</source>
        <translation>不分片</translation>
    </message>
    <message>
        <source>firewall mark</source>
        <translation>防火墙标记</translation>
    </message>
    <message>
        <source>first line</source>
        <translation>首行</translation>
    </message>
    <message>
        <source>flags</source>
        <translation>标志</translation>
    </message>
    <message>
        <source>flow label</source>
        <translation>流标签</translation>
    </message>
    <message>
        <source>fragment</source>
        <translation>分片</translation>
    </message>
    <message>
        <source>fragment header</source>
        <translation>分片首部</translation>
    </message>
    <message>
        <source>fragment offset</source>
        <translation>分片偏移</translation>
    </message>
    <message>
        <source>gateway</source>
        <translation>网关</translation>
    </message>
    <message>
        <source>group</source>
        <translation>组</translation>
    </message>
    <message>
        <source>hardware length</source>
        <translation>硬件地址长度</translation>
    </message>
    <message>
        <source>hardware type</source>
        <translation>硬件类型</translation>
    </message>
    <message>
        <source>header checksum</source>
        <translation>首部校验和</translation>
    </message>
    <message>
        <source>header length</source>
        <translation>首部长度</translation>
    </message>
    <message>
        <source>hop limit</source>
        <translation>跳数限制</translation>
    </message>
    <message>
        <source>hop-by-hop options</source>
        <translation>逐跳选项</translation>
    </message>
    <message>
        <source>identification</source>
        <translation>标识</translation>
    </message>
    <message>
        <source>identifier</source>
        <translation>标识符</translation>
    </message>
    <message>
        <source>length</source>
        <translation>长度</translation>
    </message>
    <message>
        <source>malformed</source>
        <translation>格式错误</translation>
    </message>
    <message>
        <source>maximum segment size</source>
        <translation>最大报文段长度</translation>
    </message>
    <message>
        <source>more fragments</source>
        <translation>更多分片</translation>
    </message>
    <message>
        <source>name</source>
        <translation>域名</translation>
    </message>
    <message>
        <source>next header</source>
        <translation>下一个首部</translation>
    </message>
    <message>
        <source>next-hop MTU</source>
        <translation>下一跳 MTU</translation>
    </message>
    <message>
        <source>operation</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>option</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>override</source>
        <translation>覆盖</translation>
    </message>
    <message>
        <source>padding</source>
        <translation>填充</translation>
    </message>
    <message>
        <source>password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>payload</source>
        <translation>载荷</translation>
    </message>
    <message>
        <source>payload length</source>
        <translation>载荷长度</translation>
    </message>
    <message>
        <source>priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>protocol length</source>
        <translation>协议地址长度</translation>
    </message>
    <message>
        <source>protocol type</source>
        <translation>协议类型</translation>
    </message>
    <message>
        <source>query id</source>
        <translation>查询编号</translation>
    </message>
    <message>
        <source>record count</source>
        <translation>记录数</translation>
    </message>
    <message>
        <source>response code</source>
        <translation>响应码</translation>
    </message>
    <message>
        <source>rest of header</source>
        <translation>首部其余部分</translation>
    </message>
    <message>
        <source>router</source>
        <translation>路由器</translation>
    </message>
    <message>
        <source>routing header</source>
        <translation>路由首部</translation>
    </message>
    <message>
        <source>SACK</source>
        <translation>选择确认（SACK）</translation>
    </message>
    <message>
        <source>SACK permitted</source>
        <translation>允许选择确认</translation>
    </message>
    <message>
        <source>sender IP</source>
        <translation>发送方 IP</translation>
    </message>
    <message>
        <source>sender MAC</source>
        <translation>发送方 MAC</translation>
    </message>
    <message>
        <source>sequence</source>
        <translation>序号</translation>
    </message>
    <message>
        <source>sequence number</source>
        <translation>序列号</translation>
    </message>
    <message>
        <source>server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>server port</source>
        <translation>服务器端口</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>solicited</source>
        <translation>应询问而发</translation>
    </message>
    <message>
        <source>source</source>
        <translation>源地址</translation>
    </message>
    <message>
        <source>source MAC</source>
        <translation>源 MAC</translation>
    </message>
    <message>
        <source>source port</source>
        <translation>源端口</translation>
    </message>
    <message>
        <source>state</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>syncid</source>
        <translation>同步组号（syncid）</translation>
    </message>
    <message>
        <source>target IP</source>
        <translation>目标 IP</translation>
    </message>
    <message>
        <source>target MAC</source>
        <translation>目标 MAC</translation>
    </message>
    <message>
        <source>time to live</source>
        <translation>生存时间</translation>
    </message>
    <message>
        <source>timeout</source>
        <translation>超时</translation>
    </message>
    <message>
        <source>timestamps</source>
        <translation>时间戳</translation>
    </message>
    <message>
        <source>total length</source>
        <translation>总长度</translation>
    </message>
    <message>
        <source>traffic class</source>
        <translation>流量类别</translation>
    </message>
    <message>
        <source>type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>type of service</source>
        <translation>服务类型</translation>
    </message>
    <message>
        <source>urgent pointer</source>
        <translation>紧急指针</translation>
    </message>
    <message>
        <source>version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>virtual address</source>
        <translation>虚拟地址</translation>
    </message>
    <message>
        <source>virtual port</source>
        <translation>虚拟端口</translation>
    </message>
    <message>
        <source>virtual router</source>
        <translation>虚拟路由器</translation>
    </message>
    <message>
        <source>window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>window scale</source>
        <translation>窗口扩大因子</translation>
    </message>
    <message>
        <source>TSN</source>
        <translation>TSN（传输序号）</translation>
    </message>
    <message>
        <source>cumulative TSN ack</source>
        <translation>累积 TSN 确认</translation>
    </message>
    <message>
        <source>duplicate TSN</source>
        <translation>重复的 TSN</translation>
    </message>
    <message>
        <source>duplicates</source>
        <translation>重复数</translation>
    </message>
    <message>
        <source>gap block</source>
        <translation>间隔块</translation>
    </message>
    <message>
        <source>gap blocks</source>
        <translation>间隔块数</translation>
    </message>
    <message>
        <source>inbound streams</source>
        <translation>入向流数</translation>
    </message>
    <message>
        <source>initial TSN</source>
        <translation>初始 TSN</translation>
    </message>
    <message>
        <source>initiate tag</source>
        <translation>初始标签</translation>
    </message>
    <message>
        <source>outbound streams</source>
        <translation>出向流数</translation>
    </message>
    <message>
        <source>payload protocol</source>
        <translation>载荷协议</translation>
    </message>
    <message>
        <source>receiver window</source>
        <translation>接收窗口</translation>
    </message>
    <message>
        <source>state cookie</source>
        <translation>状态 cookie</translation>
    </message>
    <message>
        <source>stream</source>
        <translation>流</translation>
    </message>
    <message>
        <source>stream sequence number</source>
        <translation>流序号</translation>
    </message>
    <message>
        <source>value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>verification tag</source>
        <translation>验证标签</translation>
    </message>
</context>
<context>
    <name>NodeItem</name>
    <message>
        <source>✕ not running</source>
        <translation>✕ 未运行</translation>
    </message>
</context>
<context>
    <name>PacketItem</name>
    <message>
        <source>Packet %1: %2 %3</source>
        <translation>报文 %1：%2 %3</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>sends</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>receives</source>
        <translation>接收</translation>
    </message>
    <message>
        <source>drops</source>
        <translation>丢弃</translation>
    </message>
    <message>
        <source>decides</source>
        <translation>决定</translation>
    </message>
    <message>
        <source>adds</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>changes</source>
        <translation>更改</translation>
    </message>
    <message>
        <source>removes</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>runs</source>
        <translation>执行</translation>
    </message>
    <message>
        <source>prints</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>exits</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>fault</source>
        <translation>故障</translation>
    </message>
    <message>
        <source>note</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>%1: %2 is unplugged</source>
        <translation>%1：%2 的网线已拔掉</translation>
    </message>
    <message>
        <source>%1: %2 is plugged in</source>
        <translation>%1：%2 的网线已插上</translation>
    </message>
    <message>
        <source>%1: the cable of %2 loses %3</source>
        <translation>%1：%2 的网线丢失 %3</translation>
    </message>
    <message>
        <source>%1: the cable of %2 takes %3</source>
        <translation>%1：%2 的网线延迟 %3</translation>
    </message>
    <message>
        <source>%1: the cable of %2 repeats %3</source>
        <translation>%1：%2 的网线重复 %3</translation>
    </message>
    <message>
        <source>%1 crashes</source>
        <translation>%1 崩溃</translation>
    </message>
    <message>
        <source>%1 starts anew</source>
        <translation>%1 重新启动</translation>
    </message>
    <message>
        <source>%1 is switched off</source>
        <translation>%1 已关机</translation>
    </message>
    <message>
        <source>client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>director</source>
        <translation>负载均衡器</translation>
    </message>
    <message>
        <source>backup director</source>
        <translation>备用均衡器</translation>
    </message>
    <message>
        <source>real server</source>
        <translation>真实服务器</translation>
    </message>
    <message>
        <source>router</source>
        <translation>路由器</translation>
    </message>
    <message>
        <source>host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>beginner</source>
        <translation>入门</translation>
    </message>
    <message>
        <source>intermediate</source>
        <translation>进阶</translation>
    </message>
    <message>
        <source>advanced</source>
        <translation>高级</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::CompareModel</name>
    <message>
        <source>Both runs are being played…</source>
        <translation>正在运行两边…</translation>
    </message>
    <message>
        <source>✓ No difference: %1 frames, %2 lines and %3 rows of tables agree.</source>
        <translation>✓ 没有差异：%1 帧、%2 行命令、%3 条表项一致。</translation>
    </message>
    <message>
        <source>✕ %1 differences; %2 frames, %3 lines and %4 rows of tables agree.</source>
        <translation>✕ %1 处差异；%2 帧、%3 行命令、%4 条表项一致。</translation>
    </message>
    <message>
        <source>Time (s)</source>
        <translation>时间（秒）</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Simulator</source>
        <translation>模拟器</translation>
    </message>
    <message>
        <source>Real kernel</source>
        <translation>真实内核</translation>
    </message>
    <message>
        <source>another order</source>
        <translation>次序不同</translation>
    </message>
    <message>
        <source>the run itself</source>
        <translation>运行本身</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::CompareView</name>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Both runs side by side</source>
        <translation>两次运行对照</translation>
    </message>
    <message>
        <source>Play this scenario in the simulator and on the real kernel, and compare</source>
        <translation>在模拟器和真实内核上各运行一次，并对比</translation>
    </message>
    <message>
        <source>Both runs will stand here side by side, with what differs marked. Press the button above.</source>
        <translation>两次运行会在这里左右对照，差异会标出。请按上面的按钮。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::ConsoleView</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::EventListModel</name>
    <message>
        <source>Time (s)</source>
        <translation>时间（秒）</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>Interface</source>
        <translation>接口</translation>
    </message>
    <message>
        <source>From</source>
        <translation>源</translation>
    </message>
    <message>
        <source>To</source>
        <translation>目的</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>What happens</source>
        <translation>发生了什么</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>为什么</translation>
    </message>
    <message>
        <source>exit status %1</source>
        <translation>退出状态 %1</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::EventPanel</name>
    <message>
        <source>Filter: tcp port 80, arp, host 192.168.80.10 … or any word</source>
        <translation>过滤：tcp port 80、arp、host 192.168.80.10 … 或任意词语</translation>
    </message>
    <message>
        <source>A pcap-filter(7) expression as for tcpdump, or words to look for (Ctrl+F)</source>
        <translation>tcpdump 使用的 pcap-filter(7) 表达式，或要查找的词语（Ctrl+F）</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>过滤</translation>
    </message>
    <message>
        <source>Only what happens at this host</source>
        <translation>只看这台主机上发生的事</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>Switches</source>
        <translation>交换机</translation>
    </message>
    <message>
        <source>Show the hops through switches, too</source>
        <translation>也显示经过交换机的每一跳</translation>
    </message>
    <message>
        <source>Table rows</source>
        <translation>表项</translation>
    </message>
    <message>
        <source>Show changes of the hosts&apos; tables, too</source>
        <translation>也显示各主机表项的变化</translation>
    </message>
    <message>
        <source>Follow packet</source>
        <translation>跟踪报文</translation>
    </message>
    <message>
        <source>Only the story of the packet in focus, across all rewrites (F)</source>
        <translation>只看当前报文的来龙去脉，跨越所有改写（F）</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>All hosts</source>
        <translation>全部主机</translation>
    </message>
    <message>
        <source>Nothing that happened so far matches this filter.</source>
        <translation>到目前为止，没有事件符合这个过滤条件。</translation>
    </message>
    <message>
        <source>What happens will be listed here. Press → to step.</source>
        <translation>发生的事会列在这里。按 → 前进一步。</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>Only the packets of the same conversation as the one in focus, both ways (C)</source>
        <translation>只看与当前报文同一会话的双向报文（C）</translation>
    </message>
    <message>
        <source>No packet is in focus: choose one in the list first.</source>
        <translation>当前没有选中报文：请先在列表中选一个。</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::FilePanel</name>
    <message>
        <source>%1 (changed)</source>
        <translation>%1（已改动）</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>写入</translation>
    </message>
    <message>
        <source>Write the file to the host (Ctrl+S)</source>
        <translation>把文件写回主机（Ctrl+S）</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>离开</translation>
    </message>
    <message>
        <source>Back to the terminal (Esc)</source>
        <translation>回到终端（Esc）</translation>
    </message>
    <message>
        <source>File %1</source>
        <translation>文件 %1</translation>
    </message>
    <message>
        <source>This is not written yet: Ctrl+S writes it, Esc throws it away.</source>
        <translation>改动还没有写入：按 Ctrl+S 写入，再按 Esc 放弃。</translation>
    </message>
    <message>
        <source>Ctrl+S writes the file, Esc leaves.</source>
        <translation>按 Ctrl+S 写入文件，按 Esc 离开。</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::HostPanel</name>
    <message>
        <source>Type a command, for example: ip addr</source>
        <translation>输入命令，例如：ip addr</translation>
    </message>
    <message>
        <source>Command on %1</source>
        <translation>%1 上的命令</translation>
    </message>
    <message>
        <source>Enter runs it, ↑ and ↓ recall, Tab completes, Ctrl+C interrupts</source>
        <translation>回车执行，↑ ↓ 调出历史，Tab 补全，Ctrl+C 中断</translation>
    </message>
    <message>
        <source>Terminal of %1</source>
        <translation>%1 的终端</translation>
    </message>
    <message>
        <source>What is typed and printed on %1 stands here.</source>
        <translation>%1 上输入和输出的内容显示在这里。</translation>
    </message>
    <message>
        <source>Interrupt what runs (Ctrl+C)</source>
        <translation>中断正在运行的命令（Ctrl+C）</translation>
    </message>
    <message>
        <source>Interrupt</source>
        <translation>中断</translation>
    </message>
    <message>
        <source>Step through</source>
        <translation>单步跟踪</translation>
    </message>
    <message>
        <source>Stay where the command was typed, and step through what it does</source>
        <translation>停在输入命令的时刻，一步一步看它做了什么</translation>
    </message>
    <message>
        <source>As %1 lists it</source>
        <translation>与 %1 列出的相同</translation>
    </message>
    <message>
        <source>No rows yet. On a real host, %1 would list them.</source>
        <translation>还没有表项。在真实主机上，用 %1 查看。</translation>
    </message>
    <message>
        <source>You are in the past: what you type here starts a new course of events.</source>
        <translation>现在位于过去的时刻：在这里输入命令会开始一条新的时间线。</translation>
    </message>
    <message>
        <source>A command is running. Step on, or press Ctrl+C.</source>
        <translation>有命令正在运行。继续前进，或按 Ctrl+C。</translation>
    </message>
    <message>
        <source>A recording shows packets alone: nothing can be typed here.</source>
        <translation>这是一份抓包记录，只有报文：这里不能输入命令。</translation>
    </message>
    <message>
        <source>No host takes part in VRRP yet. Start keepalived on the directors.</source>
        <translation>还没有主机参与 VRRP。请在负载均衡器上启动 keepalived。</translation>
    </message>
    <message>
        <source>Shell</source>
        <translation>Shell</translation>
    </message>
    <message>
        <source>A shell on %1, for programs that want a whole screen</source>
        <translation>%1 上的真实 Shell，适合需要整个屏幕的程序</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::Inspector</name>
    <message>
        <source>Step to a packet, or choose one in the list: its layers and bytes stand here.</source>
        <translation>前进到一个报文，或在列表中选一个：这里会显示它的各层和字节。</translation>
    </message>
    <message>
        <source>Layers and fields</source>
        <translation>各层与字段</translation>
    </message>
    <message>
        <source>What was rewritten on the way is marked, with its former value</source>
        <translation>途中被改写的字段会标出，并附上原来的值</translation>
    </message>
    <message>
        <source>Bytes</source>
        <translation>字节</translation>
    </message>
    <message>
        <source>Click a byte to find its field</source>
        <translation>点击字节，查找它所属的字段</translation>
    </message>
    <message>
        <source>Packet</source>
        <translation>报文</translation>
    </message>
    <message>
        <source>Rewritten here:</source>
        <translation>此处改写：</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::LadderModel</name>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source>sent again</source>
        <translation>重传</translation>
    </message>
    <message>
        <source>it reached nobody</source>
        <translation>没有到达任何主机</translation>
    </message>
    <message>
        <source>it is on its way</source>
        <translation>还在途中</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::LadderView</name>
    <message>
        <source>Ladder</source>
        <translation>时序图</translation>
    </message>
    <message>
        <source>Packets will stand here as arrows from host to host. Press → to step.</source>
        <translation>报文会在这里显示为主机之间的箭头。按 → 前进一步。</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::LessonsPanel</name>
    <message>
        <source>Lessons</source>
        <translation>课程</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>What to look at now</source>
        <translation>现在看什么</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Run to the end and hold the run against what the lesson expects (Ctrl+Enter)</source>
        <translation>运行到结束，并与课程的预期对照（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>All %1 expectations hold.</source>
        <translation>全部 %1 项预期均满足。</translation>
    </message>
    <message>
        <source>%1 of %2 expectations failed.</source>
        <translation>%2 项预期中有 %1 项未满足。</translation>
    </message>
    <message>
        <source>Choose a lesson above, or drop a scenario file here.</source>
        <translation>在上面选一课，或把场景文件拖到这里。</translation>
    </message>
    <message>
        <source>Press → to step through it, or Space to watch it run.</source>
        <translation>按 → 单步前进，或按空格键观看运行。</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>All lessons with what they teach, and files opened last (Ctrl+Shift+L)</source>
        <translation>全部课程及其内容，以及最近打开的文件 (Ctrl+Shift+L)</translation>
    </message>
    <message>
        <source>All lessons</source>
        <translation>全部课程</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::LibraryModel</name>
    <message>
        <source>%1 (done)</source>
        <translation>%1（已完成）</translation>
    </message>
    <message>
        <source>%1 has mistakes; open it to see them</source>
        <translation>%1 有错误；打开后可查看</translation>
    </message>
    <message>
        <source>Direct routing (DR)</source>
        <translation>直接路由（DR）</translation>
    </message>
    <message>
        <source>Address translation (NAT)</source>
        <translation>地址转换（NAT）</translation>
    </message>
    <message>
        <source>Tunnels (TUN)</source>
        <translation>隧道（TUN）</translation>
    </message>
    <message>
        <source>Schedulers</source>
        <translation>调度算法</translation>
    </message>
    <message>
        <source>High availability</source>
        <translation>高可用</translation>
    </message>
    <message>
        <source>ARP, IP and TCP</source>
        <translation>ARP、IP 与 TCP</translation>
    </message>
    <message>
        <source>More</source>
        <translation>其他</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::MainWindow</name>
    <message>
        <source>%1 has mistakes: they are listed beside the text.</source>
        <translation>%1 有错误：已列在文本旁边。</translation>
    </message>
    <message>
        <source>The text has mistakes: they are listed beside it.</source>
        <translation>文本有错误：已列在旁边。</translation>
    </message>
    <message>
        <source>Terminal and tables of %1</source>
        <translation>%1 的终端与表</translation>
    </message>
    <message>
        <source>Close %1</source>
        <translation>关闭 %1</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>Everything that happened, line by line</source>
        <translation>发生的一切，逐行列出</translation>
    </message>
    <message>
        <source>Ladder</source>
        <translation>时序图</translation>
    </message>
    <message>
        <source>Packets as arrows from host to host</source>
        <translation>报文显示为主机之间的箭头</translation>
    </message>
    <message>
        <source>Scenario</source>
        <translation>场景</translation>
    </message>
    <message>
        <source>The scenario as text, with what is wrong with it</source>
        <translation>场景文本，以及其中的错误</translation>
    </message>
    <message>
        <source>What runs the lab; the scenario starts anew</source>
        <translation>由什么来运行实验；切换后场景重新开始</translation>
    </message>
    <message>
        <source>Backend</source>
        <translation>后端</translation>
    </message>
    <message>
        <source>Switch the language (Ctrl+L)</source>
        <translation>切换语言（Ctrl+L）</translation>
    </message>
    <message>
        <source>Light or dark (Ctrl+D)</source>
        <translation>浅色或深色（Ctrl+D）</translation>
    </message>
    <message>
        <source>Light or dark</source>
        <translation>浅色或深色</translation>
    </message>
    <message>
        <source>Open a scenario to begin.</source>
        <translation>打开一个场景，开始实验。</translation>
    </message>
    <message>
        <source>Ready. Press → to do the first step, Space to run.</source>
        <translation>就绪。按 → 走第一步，按空格键运行。</translation>
    </message>
    <message>
        <source>LVS Lab</source>
        <translation>LVS Lab</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>最近打开(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>运行(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Written: %1</source>
        <translation>已写入：%1</translation>
    </message>
    <message>
        <source>Export capture</source>
        <translation>导出抓包</translation>
    </message>
    <message>
        <source>Captures (*.pcapng)</source>
        <translation>抓包文件 (*.pcapng)</translation>
    </message>
    <message>
        <source>Wireshark is not installed. The capture is in %1</source>
        <translation>未安装 Wireshark。抓包文件在 %1</translation>
    </message>
    <message>
        <source>Export picture</source>
        <translation>导出图片</translation>
    </message>
    <message>
        <source>Pictures (*.svg *.png)</source>
        <translation>图片 (*.svg *.png)</translation>
    </message>
    <message>
        <source>Cannot write %1</source>
        <translation>无法写入 %1</translation>
    </message>
    <message>
        <source>Save what I typed as a scenario</source>
        <translation>把输入过的命令存为场景</translation>
    </message>
    <message>
        <source>Scenarios (*.yaml)</source>
        <translation>场景 (*.yaml)</translation>
    </message>
    <message>
        <source>Run until…</source>
        <translation>运行到…</translation>
    </message>
    <message>
        <source>2.5s</source>
        <translation>2.5s</translation>
    </message>
    <message>
        <source>tcp[tcpflags] &amp; tcp-syn != 0</source>
        <translation>tcp[tcpflags] &amp; tcp-syn != 0</translation>
    </message>
    <message>
        <source>any host</source>
        <translation>任意主机</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Packet filter</source>
        <translation>报文过滤</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>Decision</source>
        <translation>决定</translation>
    </message>
    <message>
        <source>There is no decision &apos;%1&apos;.</source>
        <translation>没有名为“%1”的决定。</translation>
    </message>
    <message>
        <source>All keys</source>
        <translation>全部快捷键</translation>
    </message>
    <message>
        <source>Terminal</source>
        <translation>终端</translation>
    </message>
    <message>
        <source>Tables</source>
        <translation>表</translation>
    </message>
    <message>
        <source>Unplug %1</source>
        <translation>拔掉 %1 的网线</translation>
    </message>
    <message>
        <source>Plug %1 in</source>
        <translation>插上 %1 的网线</translation>
    </message>
    <message>
        <source>Lose 10% of the frames on %1</source>
        <translation>让 %1 丢失 10% 的帧</translation>
    </message>
    <message>
        <source>Stop the web server</source>
        <translation>停止 Web 服务</translation>
    </message>
    <message>
        <source>Start the web server</source>
        <translation>启动 Web 服务</translation>
    </message>
    <message>
        <source>Crash</source>
        <translation>崩溃</translation>
    </message>
    <message>
        <source>Switch off</source>
        <translation>关机</translation>
    </message>
    <message>
        <source>Start anew</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>New cable to</source>
        <translation>新接一根网线到</translation>
    </message>
    <message>
        <source>Remove %1 from the scenario</source>
        <translation>从场景中删除 %1</translation>
    </message>
    <message>
        <source>Add a host: %1</source>
        <translation>添加主机：%1</translation>
    </message>
    <message>
        <source>Add a switch</source>
        <translation>添加交换机</translation>
    </message>
    <message>
        <source>Export every record</source>
        <translation>导出全部记录</translation>
    </message>
    <message>
        <source>A run to play again (*.jsonl);;A list to read (*.trace)</source>
        <translation>可重放的运行 (*.jsonl);;供阅读的列表 (*.trace)</translation>
    </message>
    <message>
        <source>Captures (*.pcap)</source>
        <translation>抓包文件 (*.pcap)</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>The simulator and the real kernel, side by side</source>
        <translation>模拟器与真实内核，左右对照</translation>
    </message>
    <message>
        <source>(recording)</source>
        <translation>（抓包记录）</translation>
    </message>
    <message>
        <source>Open a scenario, a capture or a saved run</source>
        <translation>打开场景、抓包文件或保存的运行</translation>
    </message>
    <message>
        <source>Scenarios, captures and saved runs (*.yaml *.yml *.pcapng *.pcap *.cap *.jsonl)</source>
        <translation>场景、抓包文件与保存的运行 (*.yaml *.yml *.pcapng *.pcap *.cap *.jsonl)</translation>
    </message>
    <message>
        <source>Lose no frames on %1</source>
        <translation>%1 不再丢帧</translation>
    </message>
    <message>
        <source>Views of the run</source>
        <translation>运行的视图</translation>
    </message>
    <message>
        <source>Stop keepalived</source>
        <translation>停止 keepalived</translation>
    </message>
    <message>
        <source>Start keepalived</source>
        <translation>启动 keepalived</translation>
    </message>
    <message>
        <source>recording</source>
        <translation>录制回放</translation>
    </message>
    <message>
        <source>real kernel</source>
        <translation>真实内核</translation>
    </message>
    <message>
        <source>simulator</source>
        <translation>模拟器</translation>
    </message>
    <message>
        <source>Export a report</source>
        <translation>导出报告</translation>
    </message>
    <message>
        <source>Pages (*.html)</source>
        <translation>网页 (*.html)</translation>
    </message>
    <message>
        <source>There is no scenario or file &apos;%1&apos;.</source>
        <translation>没有名为“%1”的场景或文件。</translation>
    </message>
    <message>
        <source>%1 is a list for people to read: it holds no packets.</source>
        <translation>%1 是供人阅读的列表，其中没有报文。</translation>
    </message>
    <message>
        <source>save the run as .jsonl to play it again, or open its scenario</source>
        <translation>要重放，请把运行保存为 .jsonl；或者打开它的场景</translation>
    </message>
    <message>
        <source>%1 is cut off or damaged at byte %2: what stands before it is shown.</source>
        <translation>%1 在第 %2 字节处被截断或损坏：这里显示此前的部分。</translation>
    </message>
    <message>
        <source>%1 is cut off or damaged at line %2: what stands before it is shown.</source>
        <translation>%1 在第 %2 行处被截断或损坏：这里显示此前的部分。</translation>
    </message>
    <message>
        <source>What you typed in %1 earlier and did not write is here again.</source>
        <translation>之前在 %1 中输入、尚未写入的内容已恢复。</translation>
    </message>
    <message>
        <source>There is an unsaved draft of this file: the page Scenario restores it.</source>
        <translation>这个文件有一份未保存的草稿：可在“场景”页中恢复。</translation>
    </message>
    <message>
        <source>The file of %1 is not written yet: Ctrl+S writes it, Esc leaves it.</source>
        <translation>%1 上的文件还没有写入：按 Ctrl+S 写入，按 Esc 离开。</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>The text refers to what was removed: see the list beside it, or undo (Ctrl+Z).</source>
        <translation>文本中仍引用了被删除的内容：请看旁边的列表，或撤销（Ctrl+Z）。</translation>
    </message>
    <message>
        <source>Remove a cable</source>
        <translation>删除网线</translation>
    </message>
    <message>
        <source>There is nothing to redo.</source>
        <translation>没有可以重做的操作。</translation>
    </message>
    <message>
        <source>There is nothing to undo.</source>
        <translation>没有可以撤销的操作。</translation>
    </message>
    <message>
        <source>Save your version of this scenario</source>
        <translation>保存你自己的场景版本</translation>
    </message>
    <message>
        <source>New scenario</source>
        <translation>新建场景</translation>
    </message>
    <message>
        <source>From its next start the window is drawn at %1%.</source>
        <translation>下次启动时，窗口将按 %1% 的大小显示。</translation>
    </message>
    <message>
        <source>%1 is being read…</source>
        <translation>正在读取 %1……</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::PacketModel</name>
    <message>
        <source>%1: %2 → %3</source>
        <translation>%1：%2 → %3</translation>
    </message>
    <message>
        <source>Field</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Was</source>
        <translation>原值</translation>
    </message>
    <message>
        <source>added</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>%1 added</source>
        <translation>新增 %1</translation>
    </message>
    <message>
        <source>Packet %1 · %2 %3 · %4 %5 %6</source>
        <translation>报文 %1 · %2 %3 · %4 %5 %6</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::PaletteBar</name>
    <message>
        <source>switch</source>
        <translation>交换机</translation>
    </message>
    <message>
        <source>%1: drag it onto the drawing, or press to add one</source>
        <translation>%1：拖到拓扑图上，或按一下添加一个</translation>
    </message>
    <message>
        <source>Add: %1</source>
        <translation>添加：%1</translation>
    </message>
    <message>
        <source>Drag these onto the drawing; pull a cable from a ⊕ to another node.</source>
        <translation>把它们拖到拓扑图上；从 ⊕ 拉出网线，连到另一台主机或交换机。</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::PlayModel</name>
    <message>
        <source>The scenario ends here. Type commands, break something, or step back.</source>
        <translation>场景到此结束。可以输入命令、制造故障，或后退。</translation>
    </message>
    <message>
        <source>This is a recording: it can be watched, but nothing can be done in it.</source>
        <translation>这是一份抓包记录：可以观看，但不能在其中操作。</translation>
    </message>
    <message>
        <source>The recording ends here.</source>
        <translation>抓包记录到此结束。</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::ScenarioEditor</name>
    <message>
        <source>%1 (changed)</source>
        <translation>%1（已改动）</translation>
    </message>
    <message>
        <source>Scenario file</source>
        <translation>场景文件</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>There is an unsaved draft of this file.</source>
        <translation>这个文件有一份未保存的草稿。</translation>
    </message>
    <message>
        <source>Restore it</source>
        <translation>恢复草稿</translation>
    </message>
    <message>
        <source>Undo (Ctrl+Z)</source>
        <translation>撤销（Ctrl+Z）</translation>
    </message>
    <message>
        <source>Redo (Ctrl+Shift+Z)</source>
        <translation>重做（Ctrl+Shift+Z）</translation>
    </message>
    <message>
        <source>Save (Ctrl+S)</source>
        <translation>保存（Ctrl+S）</translation>
    </message>
    <message>
        <source>Run this text</source>
        <translation>运行这份文本</translation>
    </message>
    <message>
        <source>Open what is written here, saved or not (Ctrl+R)</source>
        <translation>打开这里写的内容，无论是否已保存（Ctrl+R）</translation>
    </message>
    <message>
        <source>✓ No problems.</source>
        <translation>✓ 没有问题。</translation>
    </message>
    <message>
        <source>Cannot write %1</source>
        <translation>无法写入 %1</translation>
    </message>
    <message>
        <source>%1 cannot be opened: %2</source>
        <translation>无法打开 %1：%2</translation>
    </message>
    <message>
        <source>it is a folder</source>
        <translation>它是一个文件夹</translation>
    </message>
    <message>
        <source>choose a scenario or a capture in it</source>
        <translation>请选择其中的场景或抓包文件</translation>
    </message>
    <message>
        <source>see that it can be read</source>
        <translation>请检查读取权限</translation>
    </message>
    <message>
        <source>choose a scenario (.yaml) or a capture (.pcapng)</source>
        <translation>请选择场景（.yaml）或抓包文件（.pcapng）</translation>
    </message>
    <message>
        <source>it is too large for a scenario</source>
        <translation>文件太大，不是场景</translation>
    </message>
    <message>
        <source>it is not text in UTF-8</source>
        <translation>它不是 UTF-8 文本</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::ShellPanel</name>
    <message>
        <source>Shell on %1</source>
        <translation>%1 的 Shell</translation>
    </message>
    <message>
        <source>Keys go to the host; Shift+Tab leaves, Ctrl+Shift+C copies</source>
        <translation>按键都发给主机；Shift+Tab 离开，Ctrl+Shift+C 复制</translation>
    </message>
    <message>
        <source>Time passes while the shell has the keyboard. Shift+Tab leaves it.</source>
        <translation>键盘在 Shell 里时，实验的时间会流逝。按 Shift+Tab 离开。</translation>
    </message>
    <message>
        <source>Time stands still until the scenario has been played: what waits goes on with the steps.</source>
        <translation>场景播放完之前时间静止：等待中的程序随单步继续。</translation>
    </message>
    <message>
        <source>The shell has ended. Enter opens another one.</source>
        <translation>Shell 已结束。按回车再打开一个。</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::StartPage</name>
    <message>
        <source>All lessons</source>
        <translation>全部课程</translation>
    </message>
    <message>
        <source>Choose one: it opens ready to step. A tick means that all of its checks have held.</source>
        <translation>选择一课：打开后即可逐步运行。打勾表示它的全部检查都已通过。</translation>
    </message>
    <message>
        <source>Back to the lab</source>
        <translation>返回实验</translation>
    </message>
    <message>
        <source>Back to the lab (Esc)</source>
        <translation>返回实验 (Esc)</translation>
    </message>
    <message>
        <source>Open a file…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>A scenario, a capture, or a saved run (Ctrl+O)</source>
        <translation>场景、抓包文件，或保存的运行 (Ctrl+O)</translation>
    </message>
    <message>
        <source>Opened last</source>
        <translation>最近打开</translation>
    </message>
    <message>
        <source>Scenarios, captures and saved runs can be dropped anywhere on this window.</source>
        <translation>场景、抓包文件和保存的运行可以拖放到本窗口的任何位置。</translation>
    </message>
    <message>
        <source>Find a lesson</source>
        <translation>查找实验</translation>
    </message>
    <message>
        <source>Words that stand in its title, its summary or its name</source>
        <translation>标题、简介或名字中的词</translation>
    </message>
    <message>
        <source>Easiest first</source>
        <translation>由易到难</translation>
    </message>
    <message>
        <source>Sort each topic by difficulty; else by name</source>
        <translation>每个主题内按难度排序；否则按名字排序</translation>
    </message>
    <message>
        <source>No lesson is like that.</source>
        <translation>没有符合条件的实验。</translation>
    </message>
    <message>
        <source>Every difficulty</source>
        <translation>全部难度</translation>
    </message>
    <message>
        <source>Difficulty</source>
        <translation>难度</translation>
    </message>
    <message>
        <source>Which difficulty to show</source>
        <translation>显示哪种难度</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::TablesModel</name>
    <message>
        <source>Addresses</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>ARP</source>
        <translation>ARP</translation>
    </message>
    <message>
        <source>Routes</source>
        <translation>路由</translation>
    </message>
    <message>
        <source>Local table</source>
        <translation>local 表</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>IPVS</source>
        <translation>IPVS</translation>
    </message>
    <message>
        <source>Connections</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Sockets</source>
        <translation>套接字</translation>
    </message>
    <message>
        <source>Sysctls</source>
        <translation>内核参数</translation>
    </message>
    <message>
        <source>Links</source>
        <translation>链路</translation>
    </message>
    <message>
        <source>Interface</source>
        <translation>接口</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Scope</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>MAC</source>
        <translation>MAC</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Age</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>目的</translation>
    </message>
    <message>
        <source>Via</source>
        <translation>下一跳</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>源地址</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>Selector</source>
        <translation>选择条件</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>动作</translation>
    </message>
    <message>
        <source>Service / server</source>
        <translation>服务 / 服务器</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方式</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>活动</translation>
    </message>
    <message>
        <source>Inactive</source>
        <translation>非活动</translation>
    </message>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>Virtual</source>
        <translation>虚拟地址</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>剩余</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>Local</source>
        <translation>本地</translation>
    </message>
    <message>
        <source>Remote</source>
        <translation>远端</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>程序</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>接收</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>%1 (changed)</source>
        <translation>%1（已改动）</translation>
    </message>
    <message>
        <source>VRRP</source>
        <translation>VRRP</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>Router</source>
        <translation>虚拟路由器</translation>
    </message>
    <message>
        <source>Effective</source>
        <translation>有效优先级</translation>
    </message>
    <message>
        <source>Master</source>
        <translation>主</translation>
    </message>
    <message>
        <source>Sent / heard</source>
        <translation>发 / 收</translation>
    </message>
    <message>
        <source>VIPs</source>
        <translation>VIP</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::TimeLine</name>
    <message>
        <source>%1 seconds, event %2 of %3</source>
        <translation>%1 秒，第 %2 条，共 %3 条</translation>
    </message>
    <message>
        <source>Time line</source>
        <translation>时间轴</translation>
    </message>
    <message>
        <source>start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source>Drag to any moment; ↑ and ↓ go from mark to mark</source>
        <translation>拖到任意时刻；↑ ↓ 在标记之间移动</translation>
    </message>
    <message>
        <source>recorded to %1 s, %2 records</source>
        <translation>已记录到 %1 秒，%2 条记录</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::TimelineModel</name>
    <message>
        <source>command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>fault</source>
        <translation>故障</translation>
    </message>
    <message>
        <source>failover</source>
        <translation>主备切换</translation>
    </message>
    <message>
        <source>drop</source>
        <translation>丢弃</translation>
    </message>
    <message>
        <source>failed expectation</source>
        <translation>未满足的预期</translation>
    </message>
    <message>
        <source>takes over %1</source>
        <translation>接管 %1</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::TopologyModel</name>
    <message>
        <source>%1: switch</source>
        <translation>%1：交换机</translation>
    </message>
    <message>
        <source>not running</source>
        <translation>未运行</translation>
    </message>
    <message>
        <source>(down)</source>
        <translation>（已关闭）</translation>
    </message>
    <message>
        <source>(no cable)</source>
        <translation>（无网线）</translation>
    </message>
    <message>
        <source>VIP %1: another host answers for it, too</source>
        <translation>VIP %1：另有主机也在应答</translation>
    </message>
    <message>
        <source>VIP %1: answers ARP</source>
        <translation>VIP %1：应答 ARP</translation>
    </message>
    <message>
        <source>VIP %1: hidden, answers no ARP</source>
        <translation>VIP %1：已隐藏，不应答 ARP</translation>
    </message>
    <message>
        <source>IPVS services: %1, connections: %2</source>
        <translation>IPVS 服务：%1，连接：%2</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::TopologyView</name>
    <message>
        <source>Topology</source>
        <translation>拓扑</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::TransportBar</name>
    <message>
        <source>Transport</source>
        <translation>播放控制</translation>
    </message>
    <message>
        <source>Back to the start</source>
        <translation>回到开头</translation>
    </message>
    <message>
        <source>Home</source>
        <translation>Home</translation>
    </message>
    <message>
        <source>One step back</source>
        <translation>后退一步</translation>
    </message>
    <message>
        <source>One step forward</source>
        <translation>前进一步</translation>
    </message>
    <message>
        <source>Run to the end</source>
        <translation>运行到结束</translation>
    </message>
    <message>
        <source>End</source>
        <translation>End</translation>
    </message>
    <message>
        <source>Run until…</source>
        <translation>运行到…</translation>
    </message>
    <message>
        <source>Step by</source>
        <translation>步长</translation>
    </message>
    <message>
        <source>event</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>frame</source>
        <translation>帧</translation>
    </message>
    <message>
        <source>decision</source>
        <translation>决定</translation>
    </message>
    <message>
        <source>command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>What one step is</source>
        <translation>一步有多大</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>How fast a run is shown; rightmost: without any pause</source>
        <translation>运行的播放速度；最右端：不停顿</translation>
    </message>
    <message>
        <source>Simulated time in seconds</source>
        <translation>模拟时间（秒）</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>空格键</translation>
    </message>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source>Simulated time: %1 seconds</source>
        <translation>模拟时间：%1 秒</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::WhyModel</name>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source>sends packet %1 (%2 %3) on %4</source>
        <translation>从 %4 发出报文 %1（%2 %3）</translation>
    </message>
    <message>
        <source>receives packet %1 (%2 %3) on %4</source>
        <translation>在 %4 收到报文 %1（%2 %3）</translation>
    </message>
    <message>
        <source>… %1 more</source>
        <translation>…… 还有 %1 步</translation>
    </message>
    <message>
        <source>… %1 earlier steps</source>
        <translation>…… 之前还有 %1 步</translation>
    </message>
</context>
<context>
    <name>lvslab::gui::WhyPanel</name>
    <message>
        <source>dropped: </source>
        <translation>丢弃：</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>为什么</translation>
    </message>
    <message>
        <source>Click a sentence to go to its moment (W)</source>
        <translation>点击一句话，跳到它发生的时刻（W）</translation>
    </message>
    <message>
        <source>Step to a packet or a decision: here stands why it came about, and what became of it.</source>
        <translation>前进到一个报文或决定：这里会说明它为何发生，后来又怎样。</translation>
    </message>
    <message>
        <source>A capture tells no reasons, only what came from what.</source>
        <translation>抓包不说明原因，只能看出什么由什么引起。</translation>
    </message>
    <message>
        <source>A real kernel tells no reasons, only what came from what. The simulator tells them.</source>
        <translation>真实内核不说明原因，只能看出什么由什么引起。模拟器会说明。</translation>
    </message>
</context>
<context>
    <name>main</name>
    <message>
        <source>Watch a Linux Virtual Server lab, ask why, type, break it.</source>
        <translation>观看 LVS 实验，追问为什么，输入命令，制造故障。</translation>
    </message>
    <message>
        <source>scenario file, or the name of a shipped one</source>
        <translation>场景文件，或自带场景的名称</translation>
    </message>
</context>
</TS>
